import { beforeAll, expect, test } from 'vitest'
import { pruneAuditEntries } from '../../../server/audit/pruning.ts'
import { accountIdOf } from '../../../server/lib/account-id.ts'
import { runOnMachines } from '../../support/machines.ts'
import { auditEntriesOf, auditPage, hashOf } from '../../support/audit.ts'
import { settleClock } from '../../support/clock.ts'
import { expectRefusal, pick, succeed, useWorld } from '../../support/operations.ts'
import { call, openAccount, storeKey, type RawKey } from '../../support/raw-client.ts'

const world = useWorld()
const retentionDays = 30

beforeAll(async () => {
  await settleClock(world.sql)
})

/** Makes an account of four entries, of which the first ones are as old as this. */
async function accountOfFour({
  old,
  days,
}: {
  readonly old: number
  readonly days: number
}): Promise<RawKey> {
  const { name, key } = await openAccount(world.url)
  for (let count = 0; count < 3; count++) await storeKey(world.url, key)
  await auditEntriesOf(world.url, key)
  const isOfKey = world.sql`account_id = ${accountIdOf(name)}`
  await world.sql`
    UPDATE audit_entries SET occurred_at = occurred_at - make_interval(days => ${days})
    WHERE ${isOfKey} AND sequence <= ${old}`
  await world.sql`UPDATE audit_chains SET oldest_at = oldest_at - make_interval(days => ${days}) WHERE ${isOfKey}`
  return key
}

async function prune(): Promise<void> {
  await runOnMachines(world.databaseUrl, (databases) => pruneAuditEntries(databases, { retentionDays }))
}

async function headOf(key: RawKey): Promise<unknown> {
  const query = '{ account { auditHead { sequence prunedSequence prunedHash } } }'
  return pick(await succeed(world.url, key, { query }), 'account', 'auditHead')
}

const sequencesOf = async (key: RawKey) =>
  (await auditEntriesOf(world.url, key)).map(({ sequence }) => sequence)

test('entries are removed when their retention ends, and what is kept is chained to the last one that was removed', async () => {
  const key = await accountOfFour({ old: 2, days: retentionDays + 1 })
  const before = await auditEntriesOf(world.url, key)
  await prune()
  const [third, fourth] = await auditEntriesOf(world.url, key)
  expect(await sequencesOf(key)).toEqual([3, 4])
  const prunedHash = before[1]?.hash ?? ''
  expect(await headOf(key)).toEqual({ sequence: 4, prunedSequence: 2, prunedHash })
  expect(third?.hash).toBe(third && hashOf(third, prunedHash))
  expect(fourth?.hash).toBe(fourth && third && hashOf(fourth, third.hash))
})

test('entries are kept until then', async () => {
  const key = await accountOfFour({ old: 4, days: retentionDays - 1 })
  await prune()
  expect(await sequencesOf(key)).toEqual([1, 2, 3, 4])
})

test('a chain of which everything was removed goes on where it ended', async () => {
  const key = await accountOfFour({ old: 4, days: retentionDays + 1 })
  await prune()
  expect(await sequencesOf(key)).toEqual([])
  await storeKey(world.url, key)
  const [fifth] = await auditEntriesOf(world.url, key)
  const head = await headOf(key)
  expect(head).toMatchObject({ sequence: 5, prunedSequence: 4 })
  expect(fifth?.hash).toBe(fifth && hashOf(fifth, String(pick(head, 'prunedHash'))))
})

test('the cursor of an entry that was removed has expired', async () => {
  const key = await accountOfFour({ old: 2, days: retentionDays + 1 })
  const { cursors } = await auditPage(world.url, key)
  await prune()
  const query = `query ($after: String) { account { auditLog(after: $after) { edges { node { sequence } } } } }`
  const after = (cursor: unknown) => call(world.url, key, { query, variables: { after: cursor } })
  expectRefusal(await after(cursors[3]), { code: 'CURSOR_EXPIRED' })
  expectRefusal(await after(cursors[2]), { code: 'CURSOR_EXPIRED' })
  expect((await after(cursors[1])).data).toEqual({ account: { auditLog: { edges: [] } } })
})

test('nothing is removed for a clock that has not settled', async () => {
  const key = await accountOfFour({ old: 4, days: retentionDays + 1 })
  await world.sql`DELETE FROM clock_sightings`
  await prune()
  expect(await sequencesOf(key)).toEqual([1, 2, 3, 4])
  await settleClock(world.sql)
})
