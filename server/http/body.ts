import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { BoundedBytes } from '../../schema/wire/bounded-bytes.ts'
import { KeyServerError } from '../../schema/wire/errors.ts'

export interface ReadBodyOptions {
  readonly bytesMax: number
  /** Called with the size of every chunk that is kept. */
  readonly onBytes?: (bytes: number) => void
}

/**
 * Reads the whole body of a request by its events: for a body of one chunk, an asynchronous iterator takes 15 µs more.
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
  const body = new BoundedBytes(bytesMax)
  let isWhole = false
  const onData = (chunk: unknown) => {
    if (!(chunk instanceof Uint8Array)) throw new TypeError('A body is read as bytes.')
    if (body.append(chunk, { isWhole: chunk.length === announced })) onBytes(chunk.length)
    else {
      request.off('data', onData).pause()
      reject(tooLarge(bytesMax))
    }
  }
  request
    .on('data', onData)
    .on('end', () => {
      isWhole = true
      resolve(body.bytes())
    })
    .on('error', reject)
    .on('close', () => {
      if (!isWhole) reject(new Error('The connection ended before the body.'))
    })
  return promise
}

function tooLarge(bytesMax: number): KeyServerError {
  return new KeyServerError('TOO_LARGE', `The body has at most ${String(bytesMax)} bytes.`)
}
