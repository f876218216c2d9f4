import { randomUUID } from 'node:crypto'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import { accountIdOf } from '../../../server/lib/account-id.ts'
import { auditEntriesOf, auditPage, hashOf, type AuditEntry } from '../../support/audit.ts'
import { eventually } from '../../support/connections.ts'
import { expectBadInput, expectSignedOnly, pick, succeed, useWorld } from '../../support/operations.ts'
import {
  acquire,
  call,
  openAccount,
  storeKey,
  type RawAccount,
  type RawKey,
} from '../../support/raw-client.ts'
import { fetchKeySet } from '../../support/server-keys.ts'
import { addKey, revokeKey } from '../../support/trust.ts'

const world = useWorld({ count: 2 })
const noHash = '0'.repeat(64)
const headQuery = '{ account { auditHead { sequence hash sealedAt prunedSequence prunedHash statement } } }'

/** Expects the entries, oldest first, to be a chain from the account's first on. */
function expectChain(entries: readonly AuditEntry[], { from = 0, previousHash = noHash } = {}): void {
  let previous = previousHash
  for (const [index, entry] of entries.entries()) {
    expect(entry.sequence).toBe(from + index + 1)
    expect(entry.hash).toBe(hashOf(entry, previous))
    previous = entry.hash
  }
}

/** The newest entries, which a tree of conditions filters. */
async function filtered(key: RawKey, filter: object): Promise<AuditEntry[]> {
  return (await auditPage(world.url, key, { filter })).entries
}

describe('a page', () => {
  let account: RawAccount
  let ids: string[]
  beforeAll(async () => {
    account = await openAccount(world.url)
    ids = []
    for (let count = 0; count < 2; count++) ids.push((await storeKey(world.url, account.key)).id)
    for (const id of ids) await acquire(world.url, account.key, { id })
    await acquire(world.url, account.key, { id: randomUUID() })
  })

  test('is only for a request that is signed', async () => {
    await expectSignedOnly(world.url, { query: '{ account { auditLog { edges { cursor } } } }' })
  })

  test('has the newest entries first, and the next page goes on after its cursor', async () => {
    const all = await auditPage(world.url, account.key)
    expect(all.entries.map(({ action }) => action)).toEqual([
      ...['KEY_ACQUIRED', 'KEY_ACQUIRED', 'KEY_ACQUIRED', 'KEY_STORED', 'KEY_STORED', 'ACCOUNT_OPENED'],
    ])
    expect(all.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: false })
    const pages: AuditEntry[] = []
    let after: string | undefined
    for (const hasNextPage of [true, true, false]) {
      const page = await auditPage(world.url, account.key, { first: 2, ...(after && { after }) })
      expect(page.pageInfo).toMatchObject({ hasNextPage })
      pages.push(...page.entries)
      after = String(pick(page.pageInfo, 'endCursor'))
    }
    expect(pages).toEqual(all.entries)
    await acquire(world.url, account.key, { id: ids[0] ?? '' })
    expect((await auditPage(world.url, account.key, { ...(after && { after }) })).entries).toEqual([])
  })

  test('is filtered by action, key, outcome and time, all together', async () => {
    const { key } = account
    const [newest] = await filtered(key, {})
    const acquisitions = await filtered(key, { actions: ['KEY_ACQUIRED'] })
    expect(acquisitions.length).toBeGreaterThanOrEqual(3)
    expect(
      await filtered(key, { actions: ['KEY_ACQUIRED', 'KEY_STORED'], transactionKeyId: ids[1] }),
    ).toMatchObject([
      { action: 'KEY_ACQUIRED', transactionKeyId: ids[1] },
      { action: 'KEY_STORED', transactionKeyId: ids[1] },
    ])
    expect(await filtered(key, { granted: false })).toMatchObject([{ code: 'NOT_FOUND', granted: false }])
    expect(await filtered(key, { granted: true, actions: ['KEY_ACQUIRED'] })).toHaveLength(
      acquisitions.length - 1,
    )
    expect(await filtered(key, { managementKeyId: key.id })).toEqual(await filtered(key, {}))
    expect(await filtered(key, { since: newest?.occurredAt, actions: ['KEY_ACQUIRED'] })).toContainEqual(
      newest,
    )
    expect(await filtered(key, { until: newest?.occurredAt })).not.toContainEqual(newest)
    for (const nobodys of ['nobody', '\0', key.id.replace(/^./, (first) => (first === 'A' ? 'B' : 'A'))]) {
      expect(await filtered(key, { managementKeyId: nobodys })).toEqual([])
      expect(await filtered(key, { transactionKeyId: nobodys })).toEqual([])
    }
    expect(await filtered(key, { actions: [] })).toEqual([])
  })

  test('refuses what is no cursor, size or time by its path', async () => {
    const query = `query ($first: Int, $after: String, $filter: AuditFilter) {
      account { auditLog(first: $first, after: $after, filter: $filter) { edges { cursor } } } }`
    const refusal = (variables: object) => call(world.url, account.key, { query, variables })
    expectBadInput(await refusal({ first: 101 }), 'first')
    expectBadInput(await refusal({ after: 'no cursor' }), 'after')
    expectBadInput(await refusal({ filter: { since: 'yesterday' } }), 'filter.since')
  })

  test("is of the signer's account alone", async () => {
    const other = await openAccount(world.url)
    expect((await auditEntriesOf(world.url, other.key)).map(({ action }) => action)).toEqual([
      'ACCOUNT_OPENED',
    ])
    expect(await filtered(other.key, { transactionKeyId: ids[0] })).toEqual([])
  })

  test('resolves the keys of an entry, and gives no transaction key that the account does not have', async () => {
    const query = `{ account { auditLog(filter: { actions: [KEY_ACQUIRED] }, first: 100) {
      edges { node { code managementKey { id label } transactionKey { id } transactionKeyId } } } } }`
    const data = await succeed(world.url, account.key, { query })
    const nodes = pick(data, 'account', 'auditLog', 'edges')
    expect(nodes).toContainEqual({
      node: {
        code: null,
        managementKey: { id: account.key.id, label: 'test' },
        transactionKey: { id: ids[1] },
        transactionKeyId: ids[1],
      },
    })
    expect(nodes).toContainEqual({
      node: expect.objectContaining({ code: 'NOT_FOUND', transactionKey: null }),
    })
  })
})

test('a management key that is added or revoked has an entry that names it and the one that signed, and so has each key that is wrapped for it', async () => {
  const account = await openAccount(world.url)
  const { id } = await storeKey(world.url, account.key)
  const added = await addKey(world.url, account, { copies: [id] })
  expect((await revokeKey(world.url, account.key, added.id)).errors).toEqual([])
  const common = { managementKeyId: account.key.id, affectedManagementKeyId: added.id }
  expect((await auditEntriesOf(world.url, account.key)).slice(-3)).toMatchObject([
    { action: 'MANAGEMENT_KEY_ADDED', transactionKeyId: null, ...common },
    { action: 'KEY_REWRAPPED', transactionKeyId: id, ...common },
    { action: 'MANAGEMENT_KEY_REVOKED', transactionKeyId: null, ...common },
  ])
})

test('addresses are not recorded unless the operator wants them', async () => {
  const { key } = await openAccount(world.url)
  expect(await auditEntriesOf(world.url, key)).toMatchObject([{ address: null }])
})

describe('the chain', () => {
  test('has each entry once, numbered without gaps, when two servers are asked at once', async () => {
    const { key } = await openAccount(world.url)
    const { id } = await storeKey(world.url, key)
    await Promise.all(
      world.servers.flatMap(({ url }) =>
        Array.from({ length: 20 }, async () => {
          await acquire(url, key, { id })
          await auditPage(url, key, { first: 1 })
        }),
      ),
    )
    const entries = await auditEntriesOf(world.url, key)
    expect(entries).toHaveLength(42)
    expect(new Set(entries.map((entry) => entry.id)).size).toBe(42)
    expectChain(entries)
  })

  test('would not hold with an entry that is changed (negative control)', async () => {
    const { key } = await openAccount(world.url)
    const [entry] = await auditEntriesOf(world.url, key)
    if (entry === undefined) throw new TypeError('An account has its opening.')
    expect(() => {
      expectChain([{ ...entry, address: '127.0.0.1' }])
    }).toThrow(/expected/)
  })

  test('is sealed soon although nobody reads it', async () => {
    const { name } = await openAccount(world.url)
    const sealed = () =>
      world.sql`SELECT FROM audit_chains WHERE account_id = ${accountIdOf(name)} AND sequence = 1`
    await eventually(async () => (await sealed()).length === 1, {
      withinMs: 5_000,
      what: 'the entry is sealed',
    })
  })

  test('ends with a head that the key server signs', async () => {
    const { name, key } = await openAccount(world.url)
    const head = pick(await succeed(world.url, key, { query: headQuery }), 'account', 'auditHead')
    const [newest] = await auditEntriesOf(world.url, key)
    expect(head).toMatchObject({ sequence: 1, hash: newest?.hash, prunedSequence: 0, prunedHash: noHash })
    const keySet = createLocalJWKSet(await fetchKeySet(world.url))
    const { payload } = await jwtVerify(String(pick(head, 'statement')), keySet, {
      algorithms: ['EdDSA'],
      typ: 'claviger-audit-head+jwt',
      issuer: world.origins[0] ?? '',
      subject: name,
    })
    expect(payload).toMatchObject({ v: 1, seq: 1, hash: newest?.hash, pruned: { seq: 0, hash: noHash } })
  })

  test('goes on in its order after entries were changed by hand, and seals those of other accounts too', async () => {
    const [one, other] = [await openAccount(world.url), await openAccount(world.url)]
    await storeKey(world.url, one.key)
    await auditEntriesOf(world.url, one.key)
    await world.sql`
      UPDATE audit_chains SET sequence = 0 WHERE account_id =
        (SELECT account_id FROM management_key_owners WHERE management_key_id = ${one.key.id})`
    await storeKey(world.url, one.key)
    await storeKey(world.url, other.key)
    expect((await auditEntriesOf(world.url, one.key)).map(({ sequence }) => sequence)).toEqual([1, 2, 3])
    expectChain(await auditEntriesOf(world.url, other.key))
  })
})
