import type { IncomingMessage } from 'node:http'
import { KeyServerError } from '../../schema/wire/errors.ts'

/**
 * Reads a request's body, once and whole.
 *
 * @throws {KeyServerError} TOO_LARGE, before more than `bytesMax` were kept
 */
export async function readBody(
  request: Pick<IncomingMessage, 'headers' | 'iterator'>,
  bytesMax: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const announced = Number(request.headers['content-length'] ?? 0)
  if (announced > bytesMax) throw tooLarge(bytesMax)
  const body = new GrowingBytes(bytesMax)
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError('A body is read as bytes.')
    body.append(chunk)
  }
  return body.bytes()
}

const bytesAtFirst = 4_096

/**
 * Bytes that come in pieces, of which none is kept: a sender may make each of them a chunk of its own, and a kept one
 * costs hundreds of bytes.
 */
class GrowingBytes {
  readonly #bytesMax: number
  #buffer: Uint8Array<ArrayBuffer>
  #length = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
    this.#buffer = new Uint8Array(Math.min(bytesAtFirst, bytesMax))
  }

  append(chunk: Uint8Array): void {
    const length = this.#length + chunk.length
    if (length > this.#bytesMax) throw tooLarge(this.#bytesMax)
    if (length > this.#buffer.length) {
      const grown = new Uint8Array(Math.min(this.#bytesMax, Math.max(length, 2 * this.#buffer.length)))
      grown.set(this.#buffer.subarray(0, this.#length))
      this.#buffer = grown
    }
    this.#buffer.set(chunk, this.#length)
    this.#length = length
  }

  bytes(): Uint8Array<ArrayBuffer> {
    return this.#buffer.subarray(0, this.#length)
  }
}

function tooLarge(bytesMax: number): KeyServerError {
  return new KeyServerError('TOO_LARGE', `The body has at most ${String(bytesMax)} bytes.`)
}
