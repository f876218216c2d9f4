import fc from 'fast-check'
import { LRUCache } from 'lru-cache'
import { expect, test } from 'vitest'
import { LruMap } from '../../../client/verifier/lru-map.ts'

const key = fc.constantFrom('a', 'bb', 'ccc', 'dddd', 'eeeee', 'ffffff')
const step = fc.oneof(
  fc.record({ does: fc.constant('set' as const), key, value: fc.nat() }),
  fc.record({ does: fc.constantFrom('get' as const, 'delete' as const, 'has' as const), key }),
  fc.record({ does: fc.constant('clear' as const) }),
)

test.each([
  ['entries', undefined],
  ['characters', (text: string) => text.length],
] as const)('it keeps what lru-cache keeps, and reports what goes, bounded by %s', (_bound, sizeOf) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), fc.array(step, { maxLength: 60 }), (sizeMax, steps) => {
      const present = new Set<string>()
      const map = new LruMap<number>({
        sizeMax,
        ...(sizeOf && { sizeOf }),
        onRemoved: (key) => present.delete(key),
      })
      const model = new LRUCache<string, number>(
        sizeOf === undefined
          ? { max: sizeMax }
          : { maxSize: sizeMax, sizeCalculation: (_value, text) => sizeOf(text) },
      )
      for (const next of steps) {
        if (next.does === 'clear') {
          map.clear()
          model.clear()
        } else if (next.does === 'get') {
          expect(map.get(next.key)).toBe(model.get(next.key))
        } else if (next.does === 'has') {
          expect(map.has(next.key)).toBe(model.has(next.key))
        } else if ('value' in next) {
          map.set(next.key, next.value)
          if (map.has(next.key)) present.add(next.key)
          model.set(next.key, next.value)
        } else {
          map.delete(next.key)
          model.delete(next.key)
        }
        expect([...map.keys()].toReversed()).toEqual([...model.keys()])
        expect(present).toEqual(new Set(map.keys()))
      }
    }),
  )
})
