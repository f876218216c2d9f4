/**
 * Puts chunks together, however small they are: it holds the bytes themselves and not the chunks, each of which is an object of
 * a hundred bytes and more.
 */
export class BoundedBytes {
  readonly #bytesMax: number
  #buffer = new Uint8Array(1024)
  #length = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** False when that would be more than there may be; then it is not kept. */
  append(chunk: Uint8Array): boolean {
    const length = this.#length + chunk.length
    if (length > this.#bytesMax) return false
    if (length > this.#buffer.length) {
      const larger = new Uint8Array(Math.min(this.#bytesMax, Math.max(length, this.#buffer.length * 2)))
      larger.set(this.#buffer.subarray(0, this.#length))
      this.#buffer = larger
    }
    this.#buffer.set(chunk, this.#length)
    this.#length = length
    return true
  }

  /** A copy of what was appended. */
  bytes(): Uint8Array<ArrayBuffer> {
    return this.#buffer.slice(0, this.#length)
  }
}

/**
 * Reads a body of at most `bytesMax` bytes; null when it is longer, and then the rest is not read. When `signal` is aborted it
 * reads no further, and what it returns is not the whole.
 *
 * @throws what the body throws.
 */
export async function readBoundedBody(
  body: ReadableStream<Uint8Array> | null,
  bytesMax: number,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<Uint8Array<ArrayBuffer> | null> {
  if (body === null) return new Uint8Array()
  const reader = body.getReader()
  const cancel = () => void reader.cancel().catch(() => undefined)
  signal?.addEventListener('abort', cancel)
  try {
    const received = new BoundedBytes(bytesMax)
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return received.bytes()
      if (received.append(value)) continue
      cancel()
      return null
    }
  } finally {
    signal?.removeEventListener('abort', cancel)
  }
}
