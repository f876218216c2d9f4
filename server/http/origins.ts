import { isLoopback } from '../lib/loopback.ts'

/** The origins whose pages may call, and the hosts under which the server may be called. */
export interface OriginPolicy {
  /** Whether pages of a web origin may call. Clients outside browsers send no Origin header and are not concerned. */
  isAllowed(origin: string): boolean
  /** Whether the server answers for this Host header. Undefined: none was sent, which no browser does. */
  isOwnHost(host: string | undefined): boolean
}

/**
 * Allows the server's own origins and the listed ones; '*' in the list allows all, which is safe as far as requests
 * are signed and never carry a cookie. In development every loopback origin is allowed.
 *
 * A server that listens on loopback only, which no firewall stands before, answers for its own hosts alone: a page whose
 * name is made to lead to 127.0.0.1 (DNS rebinding) is of the same origin as whatever answers there.
 */
export function createOriginPolicy({
  ownOrigins,
  allowedOrigins,
  allowsLoopback,
  listensOn,
}: {
  readonly ownOrigins: readonly string[]
  readonly allowedOrigins: readonly string[]
  readonly allowsLoopback: boolean
  /** The IP address that the server listens on. */
  readonly listensOn: string
}): OriginPolicy {
  const listed = new Set([...ownOrigins, ...allowedOrigins])
  const hosts = new Set(ownOrigins.map((origin) => new URL(origin).hostname))
  const isOnLoopback = isLoopback(listensOn)
  return {
    isAllowed: (origin) =>
      listed.has('*') || listed.has(origin) || (allowsLoopback && loopbackOrigin.test(origin)),
    isOwnHost: (host) => {
      if (!isOnLoopback || host === undefined) return true
      const name = hostHeader.exec(host.toLowerCase())?.groups?.['name']
      return name !== undefined && (isLoopback(name) || hosts.has(name))
    },
  }
}

const loopbackOrigin = /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/

/** RFC 9110 §7.2. The port may be that of a proxy or a tunnel. */
const hostHeader = /^(?<name>\[[\da-f:.]+\]|[^:/?#@[\]\s]+)(?::\d{0,5})?$/
