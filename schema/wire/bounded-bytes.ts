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
