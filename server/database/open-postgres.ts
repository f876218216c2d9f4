import postgres from 'postgres'
import { parseAddress, socketPath, type DatabaseAddress } from './address.ts'
import { createHostChooser } from './choose-host.ts'
import { ScramSocket } from './scram-socket.ts'

/** The same address, over which only a server that already knows the password can be logged in to: see {@link ScramSocket}. */
export function requireScram(url: string): string {
  const address = new URL(url)
  address.searchParams.set('require_auth', 'scram-sha-256')
  return address.href
}

export type OpenOptions<T extends Record<string, postgres.PostgresType>> = postgres.Options<T> & {
  /** Names of settings that the address may not change. */
  readonly pinned?: readonly string[]
}

/**
 * Opens a pool. With `require_auth=scram-sha-256` in the address, as libpq has it, each connection is a
 * {@link ScramSocket}; there is no TLS on it.
 *
 * @throws {InvalidAddress} in words
 */
export function openPostgres<T extends Record<string, postgres.PostgresType> = Record<string, never>>(
  url: string,
  { pinned = [], ...options }: OpenOptions<T>,
): ReturnType<typeof postgres<T>> {
  const address = parseAddress(url)
  const { user, password, database, tls, connectTimeoutSeconds } = address
  const names = new Set(pinned.map((name) => name.toLowerCase()))
  const settings = Object.entries(address.settings).filter(([name]) => !names.has(name.toLowerCase()))
  return postgres({
    ...options,
    ...placeOf(address),
    ...(user !== undefined && { user }),
    ...(password !== undefined && { password }),
    ...(database !== undefined && { database }),
    ...(connectTimeoutSeconds !== undefined && { connect_timeout: connectTimeoutSeconds }),
    ssl: tls,
    connection: { ...options.connection, ...Object.fromEntries(settings) },
  })
}

function placeOf(address: DatabaseAddress): object {
  const [first = { host: 'localhost', port: 5432 }, ...others] = address.hosts
  const { host, port } = first
  if (others.length > 0 || address.target === 'primary') {
    return { host, port, socket: createHostChooser(address) }
  }
  if (address.requiresScram) return { host, port, socket: () => new ScramSocket(first) }
  // postgres.js takes a comma or a colon in a text for several hosts.
  return host.startsWith('/') ? { path: socketPath(first) } : { host: [host], port: [port] }
}
