import { BoundedBytes } from '../../schema/wire/bounded-bytes.ts'

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
