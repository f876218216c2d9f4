import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readBoundedBody } from '../../../client/transport/bounded-body.ts'
import { BoundedBytes } from '../../../schema/wire/bounded-bytes.ts'

test('a body is the same bytes, in whatever chunks it comes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 700 }), { maxLength: 20 }), async (chunks) => {
      const bytes = new Uint8Array(Buffer.concat(chunks))
      const stream = () =>
        new ReadableStream<Uint8Array>({
          start: (controller) => {
            for (const chunk of chunks) controller.enqueue(chunk)
            controller.close()
          },
        })
      expect(await readBoundedBody(stream(), bytes.length)).toEqual(bytes)
      if (bytes.length > 0) expect(await readBoundedBody(stream(), bytes.length - 1)).toBeNull()
    }),
  )
})

test('what was appended is copied: a chunk that is used again changes nothing', () => {
  const received = new BoundedBytes(10)
  const chunk = Uint8Array.of(1, 2)
  received.append(chunk)
  const before = received.bytes()
  chunk.fill(9)
  received.append(chunk)
  expect([...before]).toEqual([1, 2])
  expect([...received.bytes()]).toEqual([1, 2, 9, 9])
})

test('300,000 chunks of a byte are held in four megabytes at the most', () => {
  const received = new BoundedBytes(1024 * 1024)
  const before = heldBytes()
  for (let index = 0; index < 300_000; index++) received.append(Uint8Array.of(index))
  expect(heldBytes() - before).toBeLessThan(4 * 1024 * 1024)
  expect(received.bytes()).toHaveLength(300_000)
  // The same chunks in an array, to see that it would show.
  const kept: Uint8Array[] = []
  for (let index = 0; index < 300_000; index++) kept.push(Uint8Array.of(index))
  expect(heldBytes() - before).toBeGreaterThan(16 * 1024 * 1024)
  expect(kept).toHaveLength(300_000)
})

/** Bytes that are reachable, in and outside of the heap. */
function heldBytes(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
