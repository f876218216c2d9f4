import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { Transform } from 'node:stream'

/** A TCP proxy in front of a database, that can break what goes through it. */
export interface TcpProxy {
  /** The URL of the database, through the proxy. */
  readonly url: string
  /** Connections that were made through it so far. */
  connections(): number
  /** From now on the connections that exist pass no more bytes, and nobody learns of it. New ones do pass them. */
  blackHole(): void
  /** Resets the connections that exist. */
  reset(): void
  /** Refuses new connections and resets those that exist, until `restore`. */
  refuse(): void
  restore(): void
  /** Leads new connections to the server of another address; those that exist stay. */
  redirect(databaseUrl: string): void
  close(): Promise<void>
}

/** @param options.drops which chunks of the database's answers are lost on the way; by default none */
export async function startTcpProxy(
  databaseUrl: string,
  { drops = () => false }: { readonly drops?: (chunk: Buffer) => boolean } = {},
): Promise<TcpProxy> {
  let target = new URL(databaseUrl)
  const pairs = new Set<readonly [Socket, Socket]>()
  let count = 0
  let isRefusing = false
  const server = createServer((near) => {
    near.on('error', () => undefined)
    if (isRefusing) {
      near.resetAndDestroy()
      return
    }
    count++
    const far = connect({ host: target.hostname, port: Number(target.port || 5432) })
    const pair = [near, far] as const
    pairs.add(pair)
    far.on('error', () => near.destroy())
    const loss = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        done(null, drops(chunk) ? undefined : chunk)
      },
    })
    near.pipe(far).pipe(loss).pipe(near)
    near.on('close', () => {
      far.destroy()
      pairs.delete(pair)
    })
    far.on('close', () => near.destroy())
  })
  const { promise, resolve } = Promise.withResolvers<undefined>()
  server.listen(0, '127.0.0.1', () => {
    resolve(undefined)
  })
  await promise
  const url = new URL(databaseUrl)
  url.hostname = '127.0.0.1'
  url.port = String((server.address() as AddressInfo).port)

  const reset = () => {
    for (const [near] of pairs) near.resetAndDestroy()
  }
  return {
    url: url.href,
    connections: () => count,
    blackHole() {
      for (const [near, far] of pairs) {
        near.unpipe().pause()
        far.unpipe().pause()
      }
    },
    reset,
    refuse() {
      isRefusing = true
      reset()
    },
    restore() {
      isRefusing = false
    },
    redirect(databaseUrl) {
      target = new URL(databaseUrl)
    },
    async close() {
      for (const [near, far] of pairs) {
        near.destroy()
        far.destroy()
      }
      await new Promise((done) => server.close(done))
    },
  }
}
