/** Reads a body of at most `bytesMax` bytes; null when it is longer, and then the rest is not read. */
export async function readBoundedBody(
  body: ReadableStream<Uint8Array> | null,
  bytesMax: number,
): Promise<Uint8Array<ArrayBuffer> | null> {
  if (body === null) return new Uint8Array()
  const reader = body.getReader()
  const chunks: Uint8Array[] = []
  let length = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return joinChunks(chunks, length)
    length += value.length
    if (length > bytesMax) {
      await reader.cancel().catch(() => undefined)
      return null
    }
    chunks.push(value)
  }
}

/** One array of all chunks, which have this length together. */
export function joinChunks(chunks: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length)
  let offset = 0
  for (const chunk of chunks) {
    bytes.set(chunk, offset)
    offset += chunk.length
  }
  return bytes
}
