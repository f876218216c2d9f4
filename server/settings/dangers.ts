import { isLoopback } from '../lib/loopback.ts'

/** The settings that are checked together. */
export interface CheckedSettings {
  readonly isDevelopment: boolean
  readonly host: string
  readonly publicOrigins: readonly string[] | null
  readonly allowedOrigins: readonly string[]
  readonly trustedProxies: readonly string[]
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
  const { host, publicOrigins, allowedOrigins, trustedProxies, databaseUrl, serverKeySecret, mail } = config
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
    ...trustedProxies
      .filter((proxy) => /\/0+$/.test(proxy))
      .map(
        (proxy) =>
          `TRUSTED_PROXIES: has ${proxy}, which is every address: each client could choose the address that it is counted by. List the addresses of your proxies`,
      ),
    ...(databaseUrl !== null && serverKeySecret === null
      ? [
          `SERVER_KEY_SECRET: is missing, and would be derived from the password in DATABASE_URL: whoever has that and a backup could sign verification answers. Set one from "openssl rand -base64 32", the same for every server on the database. If servers ran without one, run "claviger server-key rotate --secret-lost" with it once`,
        ]
      : []),
  ]
}

/** The settings that {@link findCautions} looks at. */
export interface LooseSettings extends Pick<CheckedSettings, 'isDevelopment' | 'allowedOrigins'> {
  readonly rateLimits: unknown
  readonly allowsPrivateWebhooks: boolean
  readonly allowsPrivateApplicationServers: boolean
}

/** The settings that are seldom meant in production, a sentence each without its end. The server starts with them. */
export function findCautions(config: LooseSettings): string[] {
  if (config.isDevelopment) return []
  return [
    ...(config.rateLimits === 'off' ? ['RATE_LIMIT is off: one client can fill the disk'] : []),
    ...(config.allowedOrigins.includes('*')
      ? ['ALLOWED_ORIGINS is *: the pages of every site can send requests']
      : []),
    ...(config.allowsPrivateWebhooks
      ? ['ALLOW_PRIVATE_WEBHOOKS is on: any owner can have the server post to your own network']
      : []),
    ...(config.allowsPrivateApplicationServers
      ? ['ALLOW_PRIVATE_APPLICATION_SERVERS is on: anybody can have the server read from your own network']
      : []),
  ]
}

/** Those without TLS whose traffic leaves the machine. */
function plainOrigins(origins: readonly string[]): string[] {
  return origins.filter((origin) => origin.startsWith('http://') && !isLoopback(new URL(origin).hostname))
}
