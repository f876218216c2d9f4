import { expect, test } from 'vitest'
import { SharedReads } from '../../../server/lib/shared-reads.ts'

test('500 streams at one position read it twice at most, and none gets what was read before it asked', async () => {
  const shared = new SharedReads<number>()
  const answers: (() => void)[] = []
  let stored = 0
  let reads = 0
  const read = () =>
    shared.read('list', () => {
      reads++
      const seen = stored
      const { promise, resolve } = Promise.withResolvers<number>()
      answers.push(() => {
        resolve(seen)
      })
      return promise
    })
  const first = read()
  // News, which wakes all while the first read is under way.
  stored = 1
  const woken = Promise.all(Array.from({ length: 500 }, read))
  answers.shift()?.()
  expect(await first).toBe(0)
  await expect.poll(() => answers).toHaveLength(1)
  answers.shift()?.()
  expect(new Set(await woken)).toEqual(new Set([1]))
  expect(reads).toBe(2)
})

test('another position is read by itself, and a read that fails is over', async () => {
  const shared = new SharedReads<string>()
  await expect(shared.read('a', () => Promise.reject(new Error('lost')))).rejects.toThrow('lost')
  const [one, other] = await Promise.all([
    shared.read('a', () => Promise.resolve('one')),
    shared.read('b', () => Promise.resolve('other')),
  ])
  expect([one, other]).toEqual(['one', 'other'])
})
