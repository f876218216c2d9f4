import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { acquire, openAccount, storeKey, type RawKey } from '../../support/raw-client.ts'
import { alertsOf, useWorld } from '../../support/operations.ts'

const world = useWorld()

async function keyWith(terms: Record<string, unknown>) {
  const { key } = await openAccount(world.url)
  return { key, id: (await storeKey(world.url, key, terms)).id }
}

async function useTimes(count: number, { key, id }: { key: RawKey; id: string }): Promise<void> {
  for (let uses = 0; uses < count; uses++) await acquire(world.url, key, { id })
}

test.for([
  ['NOTIFY', false],
  ['REFUSE', true],
] as const)(
  'under %s the owner is alerted as the excess reaches 1, 2, 4 and 8, and not between',
  async ([overusePolicy, refused]) => {
    const used = await keyWith({ maxUses: 2, overusePolicy })
    await useTimes(2, used)
    expect(await alertsOf(world.url, used.key, ['KEY_OVERUSED'])).toEqual([])
    const alert = (excess: number) => ({
      kind: 'KEY_OVERUSED',
      transactionKey: { id: used.id },
      maxUses: 2,
      excess,
      refused,
      managementKey: { id: used.key.id },
    })
    const expected: unknown[] = []
    for (let excess = 1; excess <= 9; excess++) {
      await useTimes(1, used)
      if ([1, 2, 4, 8].includes(excess)) expected.push(alert(excess))
      expect(await alertsOf(world.url, used.key, ['KEY_OVERUSED'])).toEqual(expected)
    }
  },
)

test('repetitions of one acquisition beyond the limit are one use, and one alert', async () => {
  const { key, id } = await keyWith({ maxUses: 1 })
  await acquire(world.url, key, { id })
  const acquisitionId = randomUUID()
  for (let attempts = 0; attempts < 3; attempts++) await acquire(world.url, key, { id, acquisitionId })
  expect(await alertsOf(world.url, key, ['KEY_OVERUSED'])).toMatchObject([{ excess: 1 }])
})

test('a key without a limit is never alerted', async () => {
  const used = await keyWith({})
  await useTimes(5, used)
  expect(await alertsOf(world.url, used.key, ['KEY_OVERUSED'])).toEqual([])
})

test('refusals for another reason than over-use are not counted as such', async () => {
  const { key, id } = await keyWith({
    maxUses: 1,
    overusePolicy: 'REFUSE',
    notBefore: new Date(Date.now() + 60_000),
  })
  await useTimes(3, { key, id })
  expect(await alertsOf(world.url, key, ['KEY_OVERUSED'])).toEqual([])
})
