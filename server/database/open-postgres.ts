import postgres from 'postgres'
import { ScramSocket } from './scram-socket.ts'

const parameter = 'require_auth'
const value = 'scram-sha-256'

/** The same address, over which nobody gets the password who does not have it: see {@link ScramSocket}. */
export function requireScram(url: string): string {
  const address = new URL(url)
  address.searchParams.set(parameter, value)
  return address.href
}

/**
 * Opens a pool. Of an address with `require_auth=scram-sha-256`, as libpq has it, each connection is a
 * {@link ScramSocket}; there is no TLS on it.
 */
export function openPostgres<T extends Record<string, postgres.PostgresType> = Record<string, never>>(
  url: string,
  options: postgres.Options<T>,
): ReturnType<typeof postgres<T>> {
  const address = new URL(url)
  if (address.searchParams.get(parameter) !== value) return postgres(url, options)
  // postgres.js would send it to the server, as every parameter that it does not know.
  address.searchParams.delete(parameter)
  return postgres(address.href, { ...options, ...{ socket: () => new ScramSocket(address) } })
}
