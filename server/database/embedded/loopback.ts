import { createServer } from 'node:net'

/** Where PostgreSQL listens: out of reach of other machines. */
export interface LoopbackAddress {
  readonly host: string
  readonly port: number
}

/**
 * Finds a free port of loopback: of 127.0.0.1, or on a machine without IPv4 of ::1. Another process may take it before
 * PostgreSQL does; the caller then starts again.
 *
 * @throws Error of the system when neither address is there
 */
export async function freeLoopbackAddress(): Promise<LoopbackAddress> {
  try {
    return await freeAddress('127.0.0.1')
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && missingCodes.has(error.code)
    if (!isMissing) throw error
    return freeAddress('::1')
  }
}

const missingCodes: ReadonlySet<unknown> = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT'])

async function freeAddress(host: string): Promise<LoopbackAddress> {
  const server = createServer()
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, host, () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => resolve({ host, port }))
    })
  })
}
