import { expect, test } from 'vitest'
import { NodeGroups } from '../../../server/database/distribution/node-groups.ts'
import type { DatabaseNode } from '../../../server/database/distribution/nodes.ts'

/* How requests are gathered for the machines that hold their accounts, without a database. */

type Writes = DatabaseNode['writes']

/** Stands for connections, which these tests only tell apart. */
const writesOf = (name: string) => ({ name }) as never as Writes
const nodeNamed = (name: string): DatabaseNode => ({ name, writes: writesOf(name), listenUrl: null })

function gathering(nodeOf: (account: string) => DatabaseNode | null) {
  const groups: { readonly at: unknown; readonly accounts: readonly string[] }[] = []
  const alone: { readonly at: unknown; readonly account: string }[] = []
  const coordinator = writesOf('coordinator')
  const requests = new NodeGroups<string, string>({
    coordinator,
    nodeOf: (account) => Promise.resolve(nodeOf(account)),
    commitOn: (at) => ({
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
    }),
  })
  return { groups, alone, coordinator, decide: (account: string) => requests.decide(account) }
}

test('requests that come together are decided in one group of each machine, over its own connections', async () => {
  const [one, two] = [nodeNamed('one'), nodeNamed('two')]
  const { groups, alone, decide } = gathering((account) => (account < 'c' ? one : two))
  expect(await Promise.all(['a', 'c', 'b', 'd'].map(decide))).toEqual(Array(4).fill('GRANTED'))
  expect(groups).toEqual([
    { at: one.writes, accounts: ['a', 'b'] },
    { at: two.writes, accounts: ['c', 'd'] },
  ])
  expect(alone).toEqual([])
})

test('an account whose machine is not known, or holds it no more, is decided through the coordinator', async () => {
  const one = nodeNamed('one')
  const { alone, coordinator, decide } = gathering((account) => (account === 'unknown' ? null : one))
  const outcomes = await Promise.all(['unknown', 'moved', 'a'].map(decide))
  expect(outcomes).toEqual(['DECIDED ALONE', 'DECIDED ALONE', 'GRANTED'])
  expect(alone).toEqual([
    { at: coordinator, account: 'unknown' },
    { at: coordinator, account: 'moved' },
  ])
})
