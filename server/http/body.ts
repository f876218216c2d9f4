import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { BoundedBytes } from '../../schema/wire/bounded-bytes.ts'
import { KeyServerError } from '../../schema/wire/errors.ts'

export interface ReadBodyOptions {
  readonly bytesMax: number
  /** Told of every piece that is kept. */
  readonly onBytes?: (bytes: number) => void
}

/**
 * Reads a request's body, once and whole.
 *
 * By events: an asynchronous iterator takes 15 µs more for a body of one piece.
 *
 * @throws {KeyServerError} TOO_LARGE, before more than `bytesMax` were kept
 */
export function readBody(
  request: Readable & Pick<IncomingMessage, 'headers'>,
  { bytesMax, onBytes = () => undefined }: ReadBodyOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array<ArrayBuffer>>()
  const announced = Number(request.headers['content-length'] ?? 0)
  if (announced > bytesMax) {
    reject(tooLarge(bytesMax))
    return promise
  }
  let onlyPiece: Uint8Array<ArrayBuffer> | undefined
  const body = new BoundedBytes(bytesMax)
  let isWhole = false
  const onData = (chunk: unknown) => {
    if (!(chunk instanceof Uint8Array)) throw new TypeError('A body is read as bytes.')
    if (chunk.length > 0 && chunk.length === announced && isMostOf(chunk.buffer, chunk.length)) {
      onlyPiece = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length)
      onBytes(chunk.length)
    } else if (body.append(chunk)) onBytes(chunk.length)
    else {
      request.off('data', onData).pause()
      reject(tooLarge(bytesMax))
    }
  }
  request
    .on('data', onData)
    .on('end', () => {
      isWhole = true
      resolve(onlyPiece ?? body.bytes())
    })
    .on('error', reject)
    .on('close', () => {
      if (!isWhole) reject(new Error('The connection ended before the body.'))
    })
  return promise
}

/** Whether a body may be kept with all that was read with it: its own headers, but not the next requests of its connection. */
function isMostOf(buffer: ArrayBufferLike, bodyBytes: number): buffer is ArrayBuffer {
  return buffer instanceof ArrayBuffer && buffer.byteLength <= 2 * bodyBytes + 4_096
}

function tooLarge(bytesMax: number): KeyServerError {
  return new KeyServerError('TOO_LARGE', `The body has at most ${String(bytesMax)} bytes.`)
}
