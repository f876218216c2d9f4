/** Which web origins may call from a browser. Other clients send no Origin header and are not concerned. */
export interface OriginPolicy {
  isAllowed(origin: string): boolean
}

/**
 * Allows the server's own origins and the listed ones; '*' in the list allows all, which is safe as far as requests
 * are signed and never carry a cookie. In development every loopback origin is allowed.
 */
export function createOriginPolicy({
  ownOrigins,
  allowedOrigins,
  allowsLoopback,
}: {
  readonly ownOrigins: readonly string[]
  readonly allowedOrigins: readonly string[]
  readonly allowsLoopback: boolean
}): OriginPolicy {
  const listed = new Set([...ownOrigins, ...allowedOrigins])
  return {
    isAllowed: (origin) =>
      listed.has('*') || listed.has(origin) || (allowsLoopback && loopbackOrigin.test(origin)),
  }
}

const loopbackOrigin = /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/
