import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ListenOptions } from '../key-server-options.ts'

/** How long requests that are under way may take once the server stops. */
const drainMs = 10_000
const idleSweepMs = 50

/** Listens. @throws Error with the code of the system, e.g. EADDRINUSE */
export async function listen(
  http: Server,
  { host = '127.0.0.1', port = 0 }: ListenOptions,
): Promise<AddressInfo> {
  const { promise, resolve, reject } = Promise.withResolvers<AddressInfo>()
  http.once('error', reject)
  http.listen({ host, port }, () => {
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
