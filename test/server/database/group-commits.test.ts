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
