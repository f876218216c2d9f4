import { expect, test } from 'vitest'
import { gatherOnNodes, type MachinePools } from '../../../server/database/distribution/gathering.ts'

/* How requests are gathered for the machines that hold their accounts, without a database. */

/** Stands for connections, which these tests only tell apart. */
const poolsOf = (name: string) => ({ reads: { name }, writes: { name } }) as never as MachinePools

function gathering(nodeOf: (account: string) => MachinePools | null) {
  const groups: { readonly at: unknown; readonly accounts: readonly string[] }[] = []
  const alone: { readonly at: unknown; readonly account: string }[] = []
  const coordinator = poolsOf('coordinator')
  const requests = gatherOnNodes({ coordinator, nodeOf }).gather<string, string>((at) => ({
    name: 'requests',
    accountOf: (account) => account,
    keyOf: () => '',
    decide: (accounts) => {
      groups.push({ at, accounts })
      return Promise.resolve(accounts.map((account) => (account === 'moved' ? 'ALONE' : 'GRANTED')))
    },
    decideAlone: (account) => {
      alone.push({ at, account })
      return Promise.resolve('DECIDED ALONE')
    },
  }))
  return { groups, alone, coordinator, decide: (account: string) => requests.decide(account) }
}

test('requests that come together are decided in one group of each machine, over its own connections', async () => {
  const [one, two] = [poolsOf('one'), poolsOf('two')]
  const { groups, alone, decide } = gathering((account) => (account < 'c' ? one : two))
  expect(await Promise.all(['a', 'c', 'b', 'd'].map(decide))).toEqual(Array(4).fill('GRANTED'))
  expect(groups).toEqual([
    { at: one.writes, accounts: ['a', 'b'] },
    { at: two.writes, accounts: ['c', 'd'] },
  ])
  expect(alone).toEqual([])
})

test('an account whose machine is not known, or holds it no more, is decided through the coordinator', async () => {
  const one = poolsOf('one')
  const { alone, coordinator, decide } = gathering((account) => (account === 'unknown' ? null : one))
  const outcomes = await Promise.all(['unknown', 'moved', 'a'].map(decide))
  expect(outcomes).toEqual(['DECIDED ALONE', 'DECIDED ALONE', 'GRANTED'])
  expect(alone).toEqual([
    { at: coordinator.writes, account: 'unknown' },
    { at: coordinator.writes, account: 'moved' },
  ])
})

test('questions that come together are asked in one batch of each machine, and one that is away fails no other', async () => {
  const [one, two] = [poolsOf('one'), poolsOf('two')]
  const batches: { readonly at: unknown; readonly accounts: readonly string[] }[] = []
  const ask = gatherOnNodes({
    coordinator: poolsOf('coordinator'),
    nodeOf: (account) => (account < 'c' ? one : two),
  }).batch<{ readonly accountId: string }, string>(
    (at) => (queries) => {
      batches.push({ at, accounts: queries.map(({ accountId }) => accountId) })
      return at === two.reads
        ? Promise.reject(new Error('away'))
        : Promise.resolve(queries.map(({ accountId }) => `answer to ${accountId}`))
    },
    { batchMax: 10 },
  )
  const answers = await Promise.allSettled(['a', 'c', 'b'].map((accountId) => ask({ accountId })))
  expect(answers).toEqual([
    { status: 'fulfilled', value: 'answer to a' },
    { status: 'rejected', reason: new Error('away') },
    { status: 'fulfilled', value: 'answer to b' },
  ])
  expect(batches).toEqual([
    { at: one.reads, accounts: ['a', 'b'] },
    { at: two.reads, accounts: ['c'] },
  ])
})
