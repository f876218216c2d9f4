import { BoundedBytes } from '../../../schema/wire/bounded-bytes.ts'

/** The members of a Node stream that are used: an `http.IncomingMessage`, or the payload of a Fastify hook. */
export interface NodeStream {
  on(event: 'data', listener: (chunk: Uint8Array) => void): unknown
  on(event: 'end' | 'error' | 'close', listener: () => void): unknown
  pause(): unknown
  resume(): unknown
  destroy(): unknown
  /** Whether other code has read from it before. */
  readonly readableDidRead?: boolean
}

/** A body, or why there is none: too large, too slow, disconnected, or read by other code before. */
export type StreamedBody = Uint8Array<ArrayBuffer> | 'too-large' | 'timeout' | 'broken' | 'read-before'

/** Reads a whole stream within bounds. Never throws; a stream that is too large or too slow is left paused. */
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
      settle('timeout')
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

/** How long the rest of a refused stream is read, in milliseconds: many clients read no response before they have sent all. */
const drainMs = 2000

/** Discards the rest of a stream for {@link drainMs}, then destroys the stream. */
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
