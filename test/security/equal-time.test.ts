import { setTimeout as delay } from 'node:timers/promises'
import { beforeAll, expect, test } from 'vitest'
import { openAccount, storeKey, type RawAccount } from '../support/raw-client.ts'
import { createPublicKey, verify, type Asked } from '../support/server-keys.ts'
import { useWorld } from '../support/world.ts'

const rounds = 600
/** On a busy machine it takes more of them to see the control. */
const roundsMax = 3 * rounds
const warmUpRounds = 50
/** The control's delay, which the statistic must see. */
const controlDelayMs = 2

const server = useWorld()
let owner: RawAccount
beforeAll(async () => {
  owner = await openAccount(server.url)
  await storeKey(server.url, owner.key)
})

test('an unknown owner, an unknown application server and another key take the same time to answer', async () => {
  const stranger = `${owner.name.slice(0, -4)}0000`
  const cases: Record<string, { asked: Omit<Asked, 'publicKey'>; delayMs: number }> = {
    'unknown owner': { asked: { owner: stranger }, delayMs: 0 },
    'unknown application server': {
      asked: { owner: owner.name, applicationServer: 'https://none.example' },
      delayMs: 0,
    },
    'other key': { asked: { owner: owner.name }, delayMs: 0 },
    'control, delayed': { asked: { owner: owner.name }, delayMs: controlDelayMs },
  }
  const [reference = '', ...others] = Object.keys(cases)
  const times = new Map<string, number[]>(Object.keys(cases).map((name) => [name, []]))
  await measure(cases, { times: new Map(), rounds: warmUpRounds })
  const compareAll = () => others.map((name) => ({ name, ...compare(times.get(name), times.get(reference)) }))
  const measured = () => times.get(reference)?.length ?? 0
  await measure(cases, { times, rounds })
  while (measured() < roundsMax && compareAll().some(({ noiseMs }) => noiseMs > controlDelayMs / 2)) {
    await measure(cases, { times, rounds: rounds / 6 })
  }
  const rows = compareAll()
  process.stdout.write(
    [
      `\n  ${measured()} rounds in random order; difference from "${reference}", median of ${median(times.get(reference)).toFixed(3)} ms`,
      ...rows.map(
        ({ name, differenceMs, noiseMs }) =>
          `  ${name.padEnd(28)}${differenceMs.toFixed(3).padStart(8)} ms, noise ±${noiseMs.toFixed(3)} ms`,
      ),
      '',
    ].join('\n'),
  )
  for (const { name, differenceMs, noiseMs } of rows) {
    const isSeen = Math.abs(differenceMs) > noiseMs
    expect.soft(isSeen, name).toBe(name === 'control, delayed')
  }
}, 300_000)

/** Adds milliseconds by case. The cases of a round ask with the same key, and their order is drawn anew for each round. */
async function measure(
  cases: Record<string, { asked: Omit<Asked, 'publicKey'>; delayMs: number }>,
  { times, rounds }: { times: ReadonlyMap<string, number[]>; rounds: number },
): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const publicKey = await createPublicKey()
    for (const [name, { asked, delayMs }] of shuffled(Object.entries(cases))) {
      const startedMs = performance.now()
      await verify(server.url, { ...asked, publicKey })
      if (delayMs > 0) await delay(delayMs)
      times.get(name)?.push(performance.now() - startedMs)
    }
  }
}

/**
 * The median of the differences within each round, and how far it may be from zero by chance: five standard errors of a
 * median, by the quartiles, and a tenth of a millisecond: one false alarm in millions, were the noise normal.
 */
function compare(
  a: readonly number[] = [],
  b: readonly number[] = [],
): { differenceMs: number; noiseMs: number } {
  const differences = a.map((ms, index) => ms - (b[index] ?? NaN)).sort((x, y) => x - y)
  const quantile = (share: number) => differences[Math.floor(share * differences.length)] ?? NaN
  const deviationMs = (quantile(0.75) - quantile(0.25)) / 1.349
  const standardErrorMs = (1.2533 * deviationMs) / Math.sqrt(differences.length)
  return { differenceMs: quantile(0.5), noiseMs: 5 * standardErrorMs + 0.1 }
}

function median(values: readonly number[] = []): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
}

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, place: Math.random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item)
}
