import { randomUUID } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { toAccountId, toManagementKeyId, parseTransactionKeyId } from '../../../schema/wire/brands.ts'
import { accountIdOf } from '../../../server/lib/account-id.ts'
import { singleNode } from '../../../server/database/distribution/nodes.ts'
import { createAcquisitionGroups } from '../../../server/transaction-keys/acquisition-groups.ts'
import { useWorld } from '../../support/operations.ts'
import { acquire, openAccount, storeKey, type RawAccount } from '../../support/raw-client.ts'

/* Concurrent acquisitions are decided in groups: each as if it were alone. */

const world = useWorld()
const nowSeconds = () => Math.floor(Date.now() / 1000)

/** The keys of each account in the property, by the way in which they are stored. */
const kinds = ['free', 'refusing', 'notifying', 'revoked', 'pending', 'foreign', 'unknown'] as const

interface Owner extends RawAccount {
  readonly accountId: string
  readonly keyIds: Readonly<Record<(typeof kinds)[number], string>>
}

async function openOwner(): Promise<Owner> {
  const account = await openAccount(world.url)
  const store = async (changes: Record<string, unknown> = {}) =>
    (await storeKey(world.url, account.key, changes)).id
  const keyIds = {
    free: await store(),
    refusing: await store({ maxUses: 2, overusePolicy: 'REFUSE' }),
    notifying: await store({ maxUses: 2 }),
    revoked: await store(),
    pending: await store({ notBefore: new Date(Date.now() + 3_600_000).toISOString() }),
    foreign: await store(),
    unknown: randomUUID(),
  }
  const accountId = accountIdOf(account.name)
  await world.sql`UPDATE transaction_key_usage SET revoked_at = now() WHERE transaction_key_id = ${keyIds.revoked}`
  await world.sql`DELETE FROM wrapped_keys WHERE transaction_key_id = ${keyIds.foreign}`
  return { ...account, accountId, keyIds }
}

/** One request; numbers stand for values that come again. */
interface Asked {
  readonly kind: (typeof kinds)[number]
  readonly nonce: number
  readonly acquisition: number | null
  readonly when: 'now' | 'past' | 'ahead'
  readonly isStranger: boolean
}

const asked: fc.Arbitrary<Asked> = fc.record({
  kind: fc.constantFrom(...kinds, 'free', 'refusing', 'notifying'),
  nonce: fc.nat({ max: 30 }),
  acquisition: fc.option(fc.nat({ max: 2 }), { freq: 3 }),
  when: fc.constantFrom('now', 'now', 'now', 'now', 'now', 'past', 'ahead'),
  isStranger: fc.constantFrom(false, false, false, false, true),
})

interface Values {
  readonly managementKeyId: string
  readonly nonce: string
  readonly created: number
  readonly expires: number
  readonly transactionKeyId: string
  readonly acquisitionId: string | null
}

/** Nonces and ids of one run, the same for both ways. */
function valuesOf(owner: Owner, run: string) {
  return ({ kind, nonce, acquisition, when, isStranger }: Asked): Values => {
    const created = nowSeconds() + { now: 0, past: -600, ahead: 600 }[when]
    return {
      managementKeyId: isStranger ? 'x'.repeat(43) : owner.key.id,
      nonce: `${run} ${String(nonce)}`,
      created,
      expires: created + 60,
      transactionKeyId: owner.keyIds[kind],
      acquisitionId: acquisition === null ? null : `${run.slice(0, 35)}${String(acquisition)}`,
    }
  }
}

async function acquireAlone({ accountId }: Owner, values: Values): Promise<string> {
  const { managementKeyId, nonce, created, expires, transactionKeyId, acquisitionId } = values
  const [row] = await world.sql`
    SELECT outcome FROM acquire_wrapped_keys(${accountId}, ${managementKeyId}, ${nonce}, ${created}, ${expires},
      ARRAY[${transactionKeyId}]::uuid[], 'USE', ${acquisitionId}, 24, '192.0.2.1')`
  return String(row?.['outcome'])
}

async function acquireTogether(
  { accountId }: Owner,
  all: readonly Values[],
  waits = false,
): Promise<string[]> {
  const rows = await world.sql`
    WITH asked AS (
      SELECT * FROM ROWS FROM (jsonb_to_recordset(${JSON.stringify(all)}::text::jsonb) AS (
        "managementKeyId" text, nonce text, created bigint, expires bigint, "transactionKeyId" uuid, "acquisitionId" uuid
      )) WITH ORDINALITY AS r ("managementKeyId", nonce, created, expires, "transactionKeyId", "acquisitionId", place))
    SELECT g.place, g.outcome FROM acquire_wrapped_key_group(
      (SELECT array_agg(${accountId}::uuid) FROM asked),
      (SELECT array_agg("managementKeyId" ORDER BY place) FROM asked),
      (SELECT array_agg(nonce ORDER BY place) FROM asked),
      (SELECT array_agg(created ORDER BY place) FROM asked),
      (SELECT array_agg(expires ORDER BY place) FROM asked),
      (SELECT array_agg("transactionKeyId" ORDER BY place) FROM asked),
      (SELECT array_agg("acquisitionId" ORDER BY place) FROM asked),
      (SELECT array_agg('192.0.2.1'::text) FROM asked), 24, ${waits}) AS g ORDER BY g.place`
  expect(rows.map((row) => Number(row['place']))).toEqual(all.map((_one, index) => index + 1))
  return rows.map((row) => String(row['outcome']))
}

/** Everything that acquisitions leave behind, without the names of the account. */
async function traceOf({ accountId, keyIds, key }: Owner): Promise<unknown> {
  const kindOf = new Map(Object.entries(keyIds).map(([kind, id]) => [id, kind]))
  const usage = await world.sql`
    SELECT transaction_key_id, use_count, refused_count, refused_beyond_limit, next_alert_excess, last_used_at IS NULL AS unused
    FROM transaction_key_usage WHERE account_id = ${accountId}`
  const alerts = await world.sql`
    SELECT kind, transaction_key_id, details FROM alerts WHERE account_id = ${accountId} ORDER BY position`
  const nonces =
    await world.sql`SELECT nonce FROM nonces WHERE principal_id = ${accountId} AND nonce LIKE '% %' ORDER BY nonce`
  const remembered = await world.sql`
    SELECT transaction_key_id, acquisition_id FROM acquisitions WHERE account_id = ${accountId}`
  // Entries are moved from the one to the other all the time, in a transaction each.
  const audit = await world.sql`
    SELECT transaction_key_id, code, count(*)::integer FROM (
      SELECT transaction_key_id, code FROM audit_pending WHERE account_id = ${accountId} AND action = 'KEY_ACQUIRED'
      UNION ALL
      SELECT transaction_key_id, code FROM audit_entries WHERE account_id = ${accountId} AND action = 'KEY_ACQUIRED'
    ) AS entries GROUP BY 1, 2`
  const name = (row: Record<string, unknown>) =>
    JSON.stringify({ ...row, transaction_key_id: kindOf.get(String(row['transaction_key_id'])) })
  const [active] =
    await world.sql`SELECT last_used_at IS NOT NULL AS used FROM management_keys WHERE id = ${key.id}`
  return {
    usage: usage.map(name).sort(),
    alerts: alerts.map(name),
    nonces: nonces.map((row) => String(row['nonce'])),
    remembered: remembered.map(name).sort(),
    audit: audit.map(name).sort(),
    active,
  }
}

test(
  'a group leaves what its requests leave one after the other, and answers each alike',
  { timeout: 120_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(asked, { minLength: 1, maxLength: 30 }), fc.uuid(), async (all, run) => {
        const [alone, together] = [await openOwner(), await openOwner()]
        const expected: string[] = []
        for (const one of all) expected.push(await acquireAlone(alone, valuesOf(alone, run)(one)))
        const values = all.map(valuesOf(together, run))
        const outcomes = await acquireTogether(together, values)
        for (const [index, outcome] of outcomes.entries()) {
          const one = values[index]
          if (outcome === 'ALONE' && one !== undefined) outcomes[index] = await acquireAlone(together, one)
        }
        expect(byKind(all, outcomes)).toEqual(byKind(all, expected))
        expect(await traceOf(together)).toEqual(await traceOf(alone))
      }),
      { numRuns: 8, endOnFailure: true },
    )
  },
)

/** Which of several uses of one key is beyond its limit depends on their order, and not how many are. */
function byKind(all: readonly Asked[], outcomes: readonly string[]): string[] {
  return all.map(({ kind }, index) => `${kind} ${outcomes[index] ?? ''}`).sort()
}

let owner: Owner
let other: Owner
beforeAll(async () => {
  ;[owner, other] = [await openOwner(), await openOwner()]
})

const request = (of: Owner, kind: Asked['kind'], nonce: string = randomUUID()) =>
  valuesOf(of, nonce)({ kind, nonce: 0, acquisition: null, when: 'now', isStranger: false })

/** Holds the row of a transaction key while `work` runs. */
async function whileLocked(transactionKeyId: string, work: () => Promise<void>): Promise<void> {
  await world.sql.begin(async (sql) => {
    await sql`SELECT 1 FROM transaction_key_usage WHERE transaction_key_id = ${transactionKeyId} FOR UPDATE`
    await work()
  })
}

test('a group does not wait for a key that another transaction holds, and leaves no trace of its request', async () => {
  const nonce = randomUUID()
  await whileLocked(owner.keyIds.free, async () => {
    const outcomes = await acquireTogether(owner, [
      request(owner, 'free', nonce),
      request(owner, 'notifying'),
    ])
    expect(outcomes).toEqual(['BUSY', 'GRANTED'])
  })
  const left = await world.sql`SELECT 1 FROM nonces WHERE nonce = ${`${nonce} 0`}`
  expect(left).toHaveLength(0)
  expect(await acquireTogether(owner, [request(owner, 'free', nonce)], true)).toEqual(['GRANTED'])
})

test('a key that is held delays its own acquisitions only', async () => {
  const held: Promise<unknown>[] = []
  await whileLocked(owner.keyIds.free, async () => {
    for (let time = 0; time < 40; time++) held.push(acquire(world.url, owner.key, { id: owner.keyIds.free }))
    const answers = await Promise.all(
      Array.from({ length: 40 }, () => acquire(world.url, other.key, { id: other.keyIds.free })),
    )
    expect(answers.flatMap(({ errors }) => errors)).toEqual([])
    const undecided = Symbol('undecided')
    expect(await Promise.race([...held, Promise.resolve(undecided)])).toBe(undecided)
  })
  for (const answer of await Promise.all(held)) expect(answer).toMatchObject({ errors: [] })
})

test('accounts take turns: a flood from one delays another one by the groups that are under way', async () => {
  const groups: string[][] = []
  const sql = async (_texts: TemplateStringsArray, accountIds: readonly string[]) => {
    groups.push([...accountIds])
    await nextTurn()
    return accountIds.map((_id, index) => ({ place: index + 1, outcome: 'GRANTED', wrapped_key: 'jwe' }))
  }
  // The part of a database that groups use.
  const gathering = createAcquisitionGroups(singleNode({ writes: { sql } } as never), () =>
    Promise.reject(new Error('alone')),
  )
  const ask = (accountId: string) => {
    const transactionKeyId = parseTransactionKeyId(randomUUID())
    if (transactionKeyId === null) throw new TypeError('A UUID is an id.')
    return gathering.decide({
      ...request(owner, 'free'),
      accountId: toAccountId(accountId),
      managementKeyId: toManagementKeyId(owner.key.id),
      address: null,
      transactionKeyId,
      acquisitionId: null,
    })
  }
  const flood = Array.from({ length: 500 }, () => ask(owner.accountId))
  await nextTurn()
  const late = ask(other.accountId)
  expect(await late).toEqual({ outcome: 'GRANTED', jwe: 'jwe' })
  expect(groups.length).toBeLessThanOrEqual(4)
  await Promise.all(flood)
  expect(groups.length).toBeGreaterThan(7)
  expect(groups.flat()).toHaveLength(501)
})

test('one acquisition that the database cannot record fails alone, and those of its group are granted', async () => {
  await world.sql`CREATE FUNCTION refuse_entry() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'poison' USING ERRCODE = 'check_violation'; END $$`
  await world.sql.unsafe(`CREATE TRIGGER refuse_entry BEFORE INSERT ON audit_pending
    FOR EACH ROW WHEN (NEW.transaction_key_id = '${owner.keyIds.notifying}') EXECUTE FUNCTION refuse_entry()`)
  const ask = (kind: Asked['kind']) => acquire(world.url, owner.key, { id: owner.keyIds[kind] })
  const answers = await Promise.all([...Array.from({ length: 10 }, () => ask('free')), ask('notifying')])
  expect(answers.map(({ code }) => code)).toEqual([...Array(10).fill(undefined), 'INTERNAL_SERVER_ERROR'])
  await world.sql`DROP TRIGGER refuse_entry ON audit_pending`
})

test('while nonces may be forgotten, each request of a group is refused', async () => {
  await world.sql`INSERT INTO forgotten_nonces (expires_at) VALUES (now() + interval '1 hour')`
  try {
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => acquire(world.url, owner.key, { id: owner.keyIds.free })),
    )
    expect(answers.map(({ code }) => code)).toEqual(Array(10).fill('UNAVAILABLE'))
  } finally {
    await world.sql`DELETE FROM forgotten_nonces`
  }
  expect(await acquire(world.url, owner.key, { id: owner.keyIds.free })).toMatchObject({ errors: [] })
})

test('one request that is sent many times at once is granted once', async () => {
  const values = request(owner, 'free')
  const outcomes = await acquireTogether(
    owner,
    Array.from({ length: 20 }, () => values),
  )
  expect(outcomes.toSorted()).toEqual(['GRANTED', ...Array<string>(19).fill('SIGNATURE_REPLAYED')])
})
