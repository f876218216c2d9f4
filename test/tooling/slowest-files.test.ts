import { expect, test } from 'vitest'
import { listSlowest } from './slowest-files.ts'

test('the ten slowest files are listed, the slowest first', () => {
  const files = Array.from({ length: 12 }, (_, index) => ({ name: `${index}.test.ts`, ms: index * 1_000 }))
  expect(listSlowest(files).split('\n')).toEqual([
    ...Array.from(
      { length: 10 },
      (_, index) => `${String(11 - index).padStart(5)}.0 s  ${11 - index}.test.ts`,
    ),
    '',
  ])
})
