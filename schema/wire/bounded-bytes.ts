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

  /**
   * Appends a copy of a chunk.
   *
   * @param options.isWhole there are no further chunks. The chunk is then kept as it is, unless its memory is mostly another's:
   *   the caller must not change it. Default: false
   * @returns false when the bound would be exceeded; the chunk is dropped then
   */
  append(chunk: Uint8Array, { isWhole = false }: { readonly isWhole?: boolean } = {}): boolean {
    const length = this.#length + chunk.length
    if (length > this.#bytesMax) return false
    if (this.#length === 0) {
      const { buffer, byteOffset } = chunk
      this.#buffer =
        isWhole && isMostOf(buffer, chunk.length)
          ? new Uint8Array(buffer, byteOffset, chunk.length)
          : new Uint8Array(chunk)
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

/** Whether bytes may be kept with all of their memory: with the headers that were read with them, but not with other bodies. */
function isMostOf(buffer: ArrayBufferLike, bytes: number): buffer is ArrayBuffer {
  return buffer instanceof ArrayBuffer && buffer.byteLength <= 2 * bytes + 4_096
}
