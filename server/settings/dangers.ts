/** The settings that are checked together. */
export interface CheckedSettings {
  readonly isDevelopment: boolean
  readonly host: string
  readonly publicOrigins: readonly string[] | null
  readonly allowedOrigins: readonly string[]
  readonly databaseUrl: string | null
  readonly serverKeySecret: string | null
  /** Null: no mail is sent. */
  readonly mail: object | null
}

/**
 * The combinations of settings that are each valid and together dangerous. In production the server does not start with
 * them; each says how to put it right. In development there are none: everything starts.
 */
export function findDangers(config: CheckedSettings): string[] {
  if (config.isDevelopment) return []
  const { host, publicOrigins, allowedOrigins, databaseUrl, serverKeySecret, mail } = config
  const isOpen = !isLoopback(host)
  return [
    ...(isOpen && publicOrigins === null
      ? [
          `PUBLIC_URL: is missing, and HOST lets the network connect: signatures would be checked against loopback origins, which no client uses. Set the https origin that clients are given, e.g. PUBLIC_URL=https://keys.example, or HOST=127.0.0.1 if only this machine connects`,
        ]
      : []),
    ...(mail !== null && publicOrigins === null
      ? [
          `PUBLIC_URL: is missing, and the links in mails would lead to loopback, where their readers are not. Set the https origin that clients are given, e.g. PUBLIC_URL=https://keys.example`,
        ]
      : []),
    ...plainOrigins(publicOrigins ?? []).map(
      (origin) =>
        `PUBLIC_URL: has ${origin}, which anybody on the way can read and change. Put a proxy with a certificate in front (deploy/ has the files), and set the https origin`,
    ),
    ...plainOrigins(allowedOrigins).map(
      (origin) =>
        `ALLOWED_ORIGINS: has ${origin}, whose pages anybody on the way can change. Serve those pages over https, and list that origin`,
    ),
    ...(databaseUrl !== null && serverKeySecret === null
      ? [
          `SERVER_KEY_SECRET: is missing, and would be derived from the password in DATABASE_URL: whoever has that and a backup could sign verification answers. Set one from "openssl rand -base64 32", the same for every server on the database. If servers ran without one, run "claviger server-key rotate --secret-lost" with it once`,
        ]
      : []),
  ]
}

/** Whether a host is this machine alone: an address of loopback, or its name. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|::1|\[::1\])$/.test(host)
}

/** Those without TLS that leave the machine. */
function plainOrigins(origins: readonly string[]): string[] {
  return origins.filter((origin) => origin.startsWith('http://') && !isLoopback(new URL(origin).hostname))
}
