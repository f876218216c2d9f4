import { BoundedBytes } from '../../../schema/wire/bounded-bytes.ts'

/** As much of a Node stream as it takes to read one: an `http.IncomingMessage`, or what a Fastify hook is given. */
export interface NodeStream {
  on(event: 'data', listener: (chunk: Uint8Array) => void): unknown
  on(event: 'end' | 'error' | 'close', listener: () => void): unknown
  pause(): unknown
  resume(): unknown
  destroy(): unknown
  /** Whether somebody has read from it before. */
  readonly readableDidRead?: boolean
}

/** A body, or why there is none: too large, too slow, broken off, or read by somebody else before. */
export type StreamedBody = Uint8Array<ArrayBuffer> | 'too-large' | 'late' | 'broken' | 'read-before'

/** Reads a stream whole, within bounds. It never throws, and leaves a stream that is too large paused. */
export function readNodeStream(
  stream: NodeStream,
  { bytesMax, timeoutMs }: { readonly bytesMax: number; readonly timeoutMs: number },
): Promise<StreamedBody> {
  if (stream.readableDidRead === true) return Promise.resolve('read-before')
  return new Promise((resolve) => {
    const received = new BoundedBytes(bytesMax)
    let isSettled = false
    const settle = (outcome: StreamedBody) => {
      clearTimeout(timer)
      if (!isSettled) resolve(outcome)
      isSettled = true
    }
    const timer = setTimeout(() => {
      stream.pause()
      settle('late')
    }, timeoutMs)
    stream.on('data', (chunk) => {
      if (isSettled || received.append(chunk)) return
      stream.pause()
      settle('too-large')
    })
    stream.on('end', () => {
      settle(received.bytes())
    })
    stream.on('error', () => {
      settle('broken')
    })
    stream.on('close', () => {
      settle('broken')
    })
  })
}

/** How long what is still coming is taken off a refused stream: a client that sends must end before it reads. */
const drainMs = 2000

/** Throws away what is left of a stream, for a while, and then the stream. */
export function drain(stream: NodeStream): void {
  const timer = setTimeout(() => {
    stream.destroy()
  }, drainMs)
  stream.on('end', () => {
    clearTimeout(timer)
  })
  stream.on('close', () => {
    clearTimeout(timer)
  })
  stream.resume()
}
