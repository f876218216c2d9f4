import type { IncomingMessage } from 'node:http'
import { KeyServerError } from '../../schema/wire/errors.ts'

/**
 * Reads a request's body, once and whole.
 *
 * @throws {KeyServerError} TOO_LARGE, before more than `bytesMax` were kept
 */
export async function readBody(request: IncomingMessage, bytesMax: number): Promise<Uint8Array<ArrayBuffer>> {
  const announced = Number(request.headers['content-length'] ?? 0)
  if (announced > bytesMax) throw tooLarge(bytesMax)
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError('A body is read as bytes.')
    length += chunk.length
    if (length > bytesMax) throw tooLarge(bytesMax)
    chunks.push(chunk)
  }
  return new Uint8Array(Buffer.concat(chunks, length))
}

function tooLarge(bytesMax: number): KeyServerError {
  return new KeyServerError('TOO_LARGE', `The body has at most ${String(bytesMax)} bytes.`)
}
