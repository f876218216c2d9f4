import { connect } from 'node:net'

export interface LoadOptions {
  readonly url: string
  readonly connections: number
  readonly forMs: number
  /** A part of every answer's text. */
  readonly expected: string
}

/** Requests answered a second, and how long each of them took. */
export interface Load {
  readonly perSecond: number
  readonly latenciesMs: readonly number[]
}

/**
 * Sends prepared requests over persistent connections, one after the other on each, until the requests or the time are used
 * up. It parses as little of HTTP as it can, because it shares the machine with the servers that it measures.
 *
 * @throws Error when an answer lacks what is expected
 */
export async function generateLoad(
  requests: Iterable<Uint8Array, undefined>,
  options: LoadOptions,
): Promise<Load> {
  const latenciesMs: number[] = []
  const beganMs = performance.now()
  const queue = requests[Symbol.iterator]()
  const take = () => (performance.now() - beganMs < options.forMs ? queue.next().value : undefined)
  await Promise.all(
    Array.from({ length: options.connections }, () => runConnection(take, latenciesMs, options)),
  )
  return { perSecond: (latenciesMs.length * 1000) / (performance.now() - beganMs), latenciesMs }
}

function runConnection(
  take: () => Uint8Array | undefined,
  latenciesMs: number[],
  { url, expected }: LoadOptions,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>()
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), noDelay: true })
  socket.setTimeout(10_000, () => socket.destroy(new Error('No answer within 10 seconds.')))
  let sentMs = 0
  let text = ''
  const send = () => {
    const request = take()
    if (request === undefined) {
      socket.end()
      resolve(undefined)
      return
    }
    sentMs = performance.now()
    socket.write(request)
  }
  socket.on('connect', send)
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk
    const headEnd = text.indexOf('\r\n\r\n')
    if (headEnd < 0) return
    const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? NaN)
    if (Number.isNaN(length)) socket.destroy(new Error('An answer has no content-length.'))
    if (text.length < headEnd + 4 + length) return
    if (!text.includes(expected)) {
      socket.destroy(new Error(`An answer was not the expected one: ${text.slice(0, 15)}`))
      return
    }
    latenciesMs.push(performance.now() - sentMs)
    text = ''
    send()
  })
  socket.on('error', reject)
  socket.on('close', () => {
    reject(new Error('A connection was closed.'))
  })
  return promise.finally(() => socket.destroy())
}
