import type { IncomingMessage } from 'node:http'
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
 * @throws {KeyServerError} TOO_LARGE, before more than `bytesMax` were kept
 */
export async function readBody(
  request: Pick<IncomingMessage, 'headers' | 'iterator'>,
  { bytesMax, onBytes = () => undefined }: ReadBodyOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const announced = Number(request.headers['content-length'] ?? 0)
  if (announced > bytesMax) throw tooLarge(bytesMax)
  const body = new BoundedBytes(bytesMax)
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError('A body is read as bytes.')
    if (!body.append(chunk)) throw tooLarge(bytesMax)
    onBytes(chunk.length)
  }
  return body.bytes()
}

function tooLarge(bytesMax: number): KeyServerError {
  return new KeyServerError('TOO_LARGE', `The body has at most ${String(bytesMax)} bytes.`)
}
