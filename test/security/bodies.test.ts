import { Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readBody } from '../../server/http/body.ts'

setFlagsFromString('--expose-gc')
const collectGarbage: unknown = runInNewContext('gc')

/** A request whose body comes in these pieces. */
function requestOf(chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>, contentLength?: number) {
  const headers = contentLength === undefined ? {} : { 'content-length': String(contentLength) }
  return Object.assign(Readable.from(chunks), { headers })
}

test('a body is the same however it is cut, and refused as soon as it is too large', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 6_000 }), { maxLength: 12 }),
      fc.nat({ max: 40_000 }),
      fc.boolean(),
      async (chunks, bytesMax, isAnnounced) => {
        const body = Buffer.concat(chunks)
        const read = readBody(requestOf(chunks, isAnnounced ? body.length : undefined), { bytesMax })
        if (body.length > bytesMax) await expect(read).rejects.toMatchObject({ code: 'TOO_LARGE' })
        else expect(Buffer.from(await read).equals(body)).toBe(true)
      },
    ),
  )
})

test('of a body that comes byte by byte no chunk is kept, and little more than its bytes', async () => {
  const bytes = 64 * 1024
  let keptChunks = NaN
  async function* cut() {
    const chunks: WeakRef<Uint8Array>[] = []
    for (let sent = 0; sent < bytes; sent++) {
      const chunk = new Uint8Array([sent % 251])
      chunks.push(new WeakRef(chunk))
      yield chunk
    }
    // A new object is held until a turn later.
    await nextTurn()
    if (typeof collectGarbage !== 'function') throw new TypeError('V8 has a gc.')
    collectGarbage()
    keptChunks = chunks.filter((chunk) => chunk.deref() !== undefined).length
  }
  const body = await readBody(requestOf(cut()), { bytesMax: 512 * 1024 })
  expect(body.every((byte, index) => byte === index % 251)).toBe(true)
  // Those that the stream itself holds ready.
  expect(keptChunks).toBeLessThan(100)
  expect(body.buffer.byteLength).toBeLessThanOrEqual(2 * bytes)
})
