/**
 * Concatenates chunks. It stores their bytes and not the chunks, each of which is an object of a hundred bytes and more, so
 * that small chunks cannot exceed the bound.
 */
export class BoundedBytes {
  readonly #bytesMax: number
  #buffer = new Uint8Array(0)
  #length = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** False when the bound would be exceeded; the chunk is dropped then. */
  append(chunk: Uint8Array): boolean {
    const length = this.#length + chunk.length
    if (length > this.#bytesMax) return false
    if (this.#length === 0) {
      // Most bodies come in one piece, and take no more than it.
      this.#buffer = new Uint8Array(chunk)
      this.#length = length
      return true
    }
    if (length > this.#buffer.length) {
      const larger = new Uint8Array(Math.min(this.#bytesMax, Math.max(length, this.#buffer.length * 2)))
      larger.set(this.#buffer.subarray(0, this.#length))
      this.#buffer = larger
    }
    this.#buffer.set(chunk, this.#length)
    this.#length = length
    return true
  }

  /** All that was appended. */
  bytes(): Uint8Array<ArrayBuffer> {
    return this.#buffer.subarray(0, this.#length)
  }
}
