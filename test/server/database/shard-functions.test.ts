import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { readDistributedFunctions } from '../../../server/database/distribution/distribute.ts'
import { placements } from '../../../server/database/distribution/placement.ts'
import { accountIdOf } from '../../../server/lib/account-id.ts'
import { isOnCitus } from '../../support/citus.ts'
import { useWorld } from '../../support/operations.ts'
import { openAccount, storeKey, type RawAccount } from '../../support/raw-client.ts'

/*
 * The functions that decide a group on the tables of a node's shards, on one PostgreSQL with shards that are made by
 * hand: two that this node holds, and one that it does not. test/faults/citus.test.ts is about those of Citus.
 */

const [here, alsoHere, elsewhere] = [101, 102, 103]

interface Owner extends RawAccount {
  readonly accountId: string
  readonly transactionKeyId: string
}

describe.skipIf(isOnCitus)('a group on the shards of a node', () => {
  const world = useWorld()
  const owners = new Map<number, Owner>()

  beforeAll(async () => {
    await world.sql.unsafe(`
      CREATE TABLE pg_dist_partition (logicalrelid regclass, partmethod "char", colocationid integer);
      CREATE TABLE pg_dist_shard (logicalrelid regclass, shardid bigint, shardminvalue text);
      CREATE TABLE pg_dist_placement (shardid bigint, groupid integer);
      CREATE TABLE pg_dist_local_group AS SELECT 1 AS groupid;
      CREATE FUNCTION get_shard_id_for_distribution_column(p_table regclass, p_id uuid) RETURNS bigint LANGUAGE sql AS
        $$ SELECT ${String(here)} + ('x' || left(p_id::text, 4))::bit(16)::bigint % 3 $$;
      CREATE FUNCTION lock_shard_metadata(p_mode integer, p_shards bigint[]) RETURNS void LANGUAGE sql AS $$ SELECT $$;
      CREATE FUNCTION shard_name(p_table regclass, p_shard bigint) RETURNS text LANGUAGE sql AS
        $$ SELECT p_table || '_' || p_shard $$;
      CREATE FUNCTION make_shard(p_table text, p_shard bigint, p_number integer) RETURNS void LANGUAGE plpgsql AS $$
      BEGIN
        EXECUTE format('CREATE TABLE %s_%s (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES)', p_table, p_shard, p_table);
        INSERT INTO pg_dist_shard VALUES (p_table::regclass, p_shard, p_number);
      END $$`)
    let others = 200
    for (const [table, placement] of Object.entries(placements)) {
      const isEverywhere = placement === 'EVERYWHERE'
      const isOfAccount =
        typeof placement === 'object' && (table === 'accounts' || placement.beside === 'accounts')
      if (!isEverywhere && !isOfAccount) continue
      await world.sql`INSERT INTO pg_dist_partition VALUES (${table}::regclass, ${isEverywhere ? 'n' : 'h'}, ${isEverywhere ? 2 : 1})`
      for (const number of isEverywhere ? [0] : [0, 1, 2]) {
        const isOfAccounts = table === 'accounts'
        const shard = isOfAccounts ? here + number : (others += 1)
        await world.sql`SELECT make_shard(${table}, ${shard}, ${number})`
        if (!isOfAccounts) continue
        await world.sql`INSERT INTO pg_dist_placement VALUES (${shard}, ${shard === elsewhere ? 2 : 1})`
      }
    }
    while (owners.size < 3) {
      const account = await openAccount(world.url)
      const accountId = accountIdOf(account.name)
      const [row] = await world.sql<{ shard: number }[]>`
        SELECT get_shard_id_for_distribution_column('accounts', ${accountId})::integer AS shard`
      if (row === undefined || owners.has(row.shard)) continue
      const { id: transactionKeyId } = await storeKey(world.url, account.key)
      owners.set(row.shard, { ...account, accountId, transactionKeyId })
    }
    for (const [shard, { accountId }] of owners) {
      for (const table of [
        'accounts',
        'account_usage',
        'management_keys',
        'transaction_keys',
        'transaction_key_usage',
        'wrapped_keys',
      ]) {
        const column = table === 'accounts' ? 'id' : 'account_id'
        await world.sql`INSERT INTO ${world.sql(await shardOf(table, shard))}
          SELECT * FROM ${world.sql(table)} WHERE ${world.sql(column)} = ${accountId}`
      }
    }
    await world.sql.unsafe('SET check_function_bodies = off')
    const needed = [
      'hold_local_shards',
      'shard_function',
      '\\w+_of_shard',
      '\\w+_key_group',
      'look_up_public_keys',
    ]
    for (const text of await readDistributedFunctions()) {
      if (new RegExp(`^CREATE OR REPLACE FUNCTION (${needed.join('|')})\\(`, 'm').test(text))
        await world.sql.unsafe(text)
    }
  })

  /** The table of a shard: the one that is beside this shard of accounts. */
  async function shardOf(table: string, accountsShard: number): Promise<string> {
    const [row] = await world.sql<{ name: string }[]>`
      SELECT shard_name(s.logicalrelid, s.shardid) AS name FROM pg_dist_shard s
      JOIN pg_dist_shard a ON a.shardid = ${accountsShard} AND s.shardminvalue = a.shardminvalue
      WHERE s.logicalrelid = ${table}::regclass`
    if (row === undefined) throw new TypeError(`There is a shard of ${table}.`)
    return row.name
  }

  const ownerIn = (shard: number): Owner => {
    const owner = owners.get(shard)
    if (owner === undefined) throw new TypeError('There is an owner in each shard.')
    return owner
  }

  async function acquire(
    asked: readonly { readonly shard: number; readonly nonce: string; readonly acquisitionId?: string }[],
  ): Promise<Record<string, unknown>[]> {
    const all = asked.map(({ shard }) => ownerIn(shard))
    const created = Math.floor(Date.now() / 1000)
    const rows = await world.sql`
      SELECT * FROM acquire_wrapped_key_group(
        ${all.map(({ accountId }) => accountId)}::uuid[], ${all.map(({ key }) => key.id)}::text[],
        ${asked.map(({ nonce }) => nonce)}::text[], ${all.map(() => String(created))}::text[]::bigint[],
        ${all.map(() => String(created + 60))}::text[]::bigint[],
        ${all.map(({ transactionKeyId }) => transactionKeyId)}::uuid[],
        ${asked.map(({ acquisitionId }) => acquisitionId ?? null)}::uuid[],
        ${all.map(() => '192.0.2.1')}::text[], 24, false) ORDER BY place`
    return [...rows]
  }

  const usesIn = async (table: string, { transactionKeyId }: Owner): Promise<unknown> => {
    const [row] = await world.sql`
      SELECT use_count FROM ${world.sql(table)} WHERE transaction_key_id = ${transactionKeyId}`
    return row?.['use_count']
  }

  test('answers each request in its place, and leaves those of accounts that are elsewhere', async () => {
    const jweOf = async (shard: number) => {
      const [row] = await world.sql`
        SELECT jwe FROM wrapped_keys WHERE transaction_key_id = ${ownerIn(shard).transactionKeyId}`
      return row?.['jwe'] as unknown
    }
    const order = [alsoHere, elsewhere, here, alsoHere]
    const answers = await acquire(order.map((shard) => ({ shard, nonce: randomUUID() })))
    expect(answers).toEqual(
      await Promise.all(
        order.map(async (shard, index) => ({
          place: index + 1,
          outcome: shard === elsewhere ? 'ALONE' : 'GRANTED',
          wrapped_key: shard === elsewhere ? null : await jweOf(shard),
        })),
      ),
    )
  })

  test('counts, remembers and records in the shards alone', async () => {
    const [owner, nonce, acquisitionId] = [ownerIn(here), randomUUID(), randomUUID()]
    const table = await shardOf('transaction_key_usage', here)
    const before = Number(await usesIn(table, owner))
    const asked = { shard: here, acquisitionId }
    const outcomesOf = async (...asked: Parameters<typeof acquire>[0][number][]) =>
      (await acquire(asked)).map(({ outcome }) => outcome)
    expect(await outcomesOf({ ...asked, nonce })).toEqual(['GRANTED'])
    expect(await outcomesOf({ ...asked, nonce })).toEqual(['SIGNATURE_REPLAYED'])
    // The same acquisition again, and another one: one more use.
    expect(await outcomesOf({ ...asked, nonce: randomUUID() }, { shard: here, nonce: randomUUID() })).toEqual(
      ['GRANTED', 'GRANTED'],
    )
    expect(await usesIn(table, owner)).toBe(before + 2)
    expect(await usesIn('transaction_key_usage', owner)).toBe(0)
    const pending = await world.sql<{ position: string; code: string | null }[]>`
      SELECT position, code FROM ${world.sql(await shardOf('audit_pending', here))}
      WHERE account_id = ${owner.accountId} AND action = 'KEY_ACQUIRED'`
    expect(pending.length).toBeGreaterThanOrEqual(3)
    expect(new Set(pending.map(({ position }) => position)).size).toBe(pending.length)
    const elsewhereToo =
      await world.sql`SELECT FROM audit_pending WHERE account_id = ${owner.accountId} AND action = 'KEY_ACQUIRED'`
    expect(elsewhereToo).toHaveLength(0)
  })

  test('stores keys in the shards', async () => {
    const [id, created] = [randomUUID(), Math.floor(Date.now() / 1000)]
    const { accountId, key } = ownerIn(alsoHere)
    const described = {
      id,
      application_server: 'shop',
      label: '',
      overuse_policy: 'NOTIFY',
      content_hash: '00',
      is_refused: false,
      expires_at: new Date(Date.now() + 3_600_000),
      wrapped_keys: [{ management_key_id: key.id, jwe: 'e' }],
    }
    const [answer] = await world.sql`
      SELECT * FROM store_transaction_key_group(
        ${[accountId]}::uuid[], ${[key.id]}::text[], ${[randomUUID()]}::text[], ${[String(created)]}::text[]::bigint[],
        ${[String(created + 60)]}::text[]::bigint[], ${['192.0.2.1']}::text[], ${JSON.stringify([described])}::text::json,
        ARRAY[60], 10, 100000, true)`
    expect(answer).toMatchObject({ place: 1, outcome: 'GRANTED', state: 'ACTIVE', expiry_notices: [60] })
    for (const [table, count] of [
      ['transaction_keys', 1],
      ['transaction_key_usage', 1],
      ['wrapped_keys', 1],
      ['deadlines', 2],
    ] as const) {
      const column = world.sql(table === 'transaction_keys' ? 'id' : 'transaction_key_id')
      const found =
        await world.sql`SELECT FROM ${world.sql(await shardOf(table, alsoHere))} WHERE ${column} = ${id}`
      expect([table, found.length]).toEqual([table, count])
      expect(await world.sql`SELECT FROM ${world.sql(table)} WHERE ${column} = ${id}`).toHaveLength(0)
    }
  })

  test('answers questions in their order, about accounts that are elsewhere too', async () => {
    const order = [elsewhere, alsoHere, here, alsoHere]
    const all = order.map(ownerIn)
    const rows = await world.sql<{ state: string | null }[]>`
      SELECT state FROM look_up_public_keys(
        ${all.map(({ accountId }) => accountId)}::uuid[], ${all.map(() => 'https://shop.example')}::text[],
        ARRAY(SELECT CASE WHEN place < 4 THEN thumbprint ELSE 'other' END
          FROM unnest(${all.map(({ transactionKeyId }) => transactionKeyId)}::uuid[]) WITH ORDINALITY AS asked (id, place)
          JOIN transaction_keys k ON k.id = asked.id ORDER BY place))`
    expect(rows.map(({ state }) => state)).toEqual(['ACTIVE', 'ACTIVE', 'ACTIVE', null])
  })

  test('is decided by the texts as they are now, in a session that knew others', async () => {
    const outcome = async () => (await acquire([{ shard: here, nonce: randomUUID() }]))[0]?.['outcome']
    expect(await outcome()).toBe('GRANTED')
    const [row] = await world.sql<{ text: string }[]>`
      SELECT pg_get_functiondef('acquire_wrapped_key_group_of_shard'::regproc) AS text`
    const text = row?.text ?? ''
    await world.sql.unsafe(text.replaceAll("THEN 'GRANTED'", "THEN 'KEY_OVERUSED'"))
    expect(await outcome()).toBe('KEY_OVERUSED')
    await world.sql.unsafe(text)
    expect(await outcome()).toBe('GRANTED')
  })
})
