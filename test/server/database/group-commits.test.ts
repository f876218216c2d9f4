import { setImmediate } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { GroupCommits } from '../../../server/database/group-commits.ts'

/* How requests are gathered, without a database. */

interface Asked {
  readonly account: string
  readonly weight?: number
}

type Decide = (group: readonly Asked[], options: { waits: boolean }) => Promise<readonly string[]>

function gathering(decide: Decide) {
  const alone: Asked[] = []
  const commits = new GroupCommits<Asked, string>({
    name: 'requests',
    accountOf: ({ account }) => account,
    keyOf: () => '',
    weightOf: ({ weight = 1 }) => weight,
    decide,
    decideAlone: (asked) => {
      alone.push(asked)
      return Promise.resolve('DECIDED ALONE')
    },
  })
  return { commits, alone }
}

const grantAll = vi.fn<Decide>((group) => Promise.resolve(group.map(() => 'GRANTED')))

test('a lone request waits for no timer', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval'] })
  try {
    const { commits } = gathering(grantAll)
    expect(await commits.decide({ account: 'a' })).toBe('GRANTED')
  } finally {
    vi.useRealTimers()
  }
})

test('heavy requests share a statement with fewer others, and each is decided', async () => {
  grantAll.mockClear()
  const { commits } = gathering(grantAll)
  const asked = Array.from({ length: 40 }, (_, index) => ({ account: String(index), weight: 32 }))
  const outcomes = await Promise.all(asked.map((one) => commits.decide(one)))
  expect(outcomes).toEqual(Array(40).fill('GRANTED'))
  expect(grantAll.mock.calls.map(([group]) => group.length)).toEqual(Array(20).fill(2))
})

test('a small load waits for nobody, and under a larger one a group begins beside another once it is large', async () => {
  const sizes: number[] = []
  const ends: (() => void)[] = []
  const { commits } = gathering(async (group) => {
    sizes.push(group.length)
    await new Promise<void>((end) => ends.push(end))
    return group.map(() => 'GRANTED')
  })
  const outcomes: Promise<string>[] = []
  const ask = async (count: number) => {
    for (let index = 0; index < count; index += 1)
      outcomes.push(commits.decide({ account: String(outcomes.length) }))
    await turns()
  }
  const endOne = async () => {
    ends.shift()?.()
    await turns()
  }
  await ask(1)
  await ask(1)
  expect(sizes).toEqual([1, 1])
  await endOne()
  await ask(5)
  expect(sizes).toEqual([1, 1, 5])
  await endOne()
  await ask(15)
  expect(sizes).toEqual([1, 1, 5])
  await ask(1)
  expect(sizes).toEqual([1, 1, 5, 16])

  // Fewer begin when nothing else is under way.
  await ask(3)
  expect(sizes).toEqual([1, 1, 5, 16])
  await endOne()
  expect(sizes).toEqual([1, 1, 5, 16])
  await endOne()
  expect(sizes).toEqual([1, 1, 5, 16, 3])
  await endOne()
  expect(await Promise.all(outcomes)).toEqual(Array(26).fill('GRANTED'))
})

test('a group that is rolled back is decided one by one, and one whose connection is lost fails', async () => {
  const failWith = (code: string) =>
    gathering(() => Promise.reject(Object.assign(new Error('failed'), { code })))
  const rolledBack = failWith('23514')
  const asked = [{ account: 'a' }, { account: 'b' }]
  expect(await Promise.all(asked.map((one) => rolledBack.commits.decide(one)))).toEqual(
    Array(2).fill('DECIDED ALONE'),
  )
  const lost = failWith('CONNECTION_CLOSED')
  const outcomes = await Promise.allSettled(asked.map((one) => lost.commits.decide(one)))
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(lost.alone).toEqual([])
})

test('a request that needs a lock of another transaction is decided again by a group of its account, which waits', async () => {
  const waited: string[] = []
  const { commits } = gathering((group, { waits }) => {
    if (waits) waited.push(...group.map(({ account }) => account))
    return Promise.resolve(group.map(({ account }) => (account === 'held' && !waits ? 'BUSY' : 'GRANTED')))
  })
  const asked = [{ account: 'held' }, { account: 'free' }, { account: 'held' }]
  expect(await Promise.all(asked.map((one) => commits.decide(one)))).toEqual(Array(3).fill('GRANTED'))
  expect(waited).toEqual(['held', 'held'])
})

/** Turns of the event loop, at the end of which groups begin. */
async function turns(): Promise<void> {
  await setImmediate()
  await setImmediate()
}
