import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { codesOf } from '../database/error-codes.ts'
import type { ListenOptions } from '../key-server-options.ts'

/** How long requests that are under way may take once the server stops. */
const drainMs = 10_000
const idleSweepMs = 50

const loopback = '127.0.0.1'

/**
 * Listens; on `::1` where loopback is asked for and the machine has no IPv4.
 *
 * @throws Error with the code of the system, e.g. EADDRINUSE
 */
export async function listen(
  http: Server,
  { host = loopback, port = 0 }: ListenOptions,
): Promise<AddressInfo> {
  try {
    return await listenOn(http, { host, port })
  } catch (error) {
    if (host !== loopback || !codesOf(error).includes('EADDRNOTAVAIL')) throw error
    return listenOn(http, { host: '::1', port })
  }
}

async function listenOn(http: Server, where: { host: string; port: number }): Promise<AddressInfo> {
  const { promise, resolve, reject } = Promise.withResolvers<AddressInfo>()
  http.once('error', reject)
  http.listen(where, () => {
    http.off('error', reject)
    const address = http.address()
    if (address === null || typeof address === 'string') reject(new TypeError('A TCP server has a port.'))
    else resolve(address)
  })
  return promise
}

/** Stops listening, and waits for the requests that are under way. */
export async function drain(http: Server): Promise<void> {
  const closed = new Promise<void>((resolve) =>
    http.close(() => {
      resolve()
    }),
  )
  // A connection that is kept alive is idle once its request has been answered.
  const sweep = setInterval(() => {
    http.closeIdleConnections()
  }, idleSweepMs)
  const timer = setTimeout(() => {
    http.closeAllConnections()
  }, drainMs)
  await closed
  clearInterval(sweep)
  clearTimeout(timer)
}
