import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { accountIdOf } from '../../../server/lib/account-id.ts'
import { pick, useWorld } from '../../support/operations.ts'
import {
  call,
  openAccount,
  send,
  signRequest,
  storeInput,
  storeKey,
  storeMutation,
  type GraphQLAnswer,
  type RawAccount,
} from '../../support/raw-client.ts'

/* Concurrent requests to store keys are decided in groups: each as if it were alone. */

const world = useWorld({ count: 2, alsoKnownAs: ['https://keys.example'] })
const nowSeconds = () => Math.floor(Date.now() / 1000)

interface Owner extends RawAccount {
  readonly accountId: string
}

/** An account that has stored a key, so that what it has is counted. */
async function openOwner(): Promise<Owner> {
  const account = await openAccount(world.url)
  await storeKey(world.url, account.key)
  return { ...account, accountId: accountIdOf(account.name) }
}

/** One request; numbers stand for values that come again. */
interface Asked {
  readonly id: number
  readonly publicKey: number | null
  readonly server: number
  readonly content: number
  readonly jweCharacters: number
  readonly isWrappedForStranger: boolean
  readonly signer: 'own' | 'unknown' | null
  readonly isRefused: boolean
  readonly certifiedIn: number
  readonly possessedIn: number
  readonly expiresIn: number | null
  readonly notices: readonly number[] | null
  readonly nonce: number | null
  readonly when: 'now' | 'past' | 'ahead'
  readonly isStranger: boolean
}

const seldom = fc.nat({ max: 9 }).map((n) => n === 0)
const iat = fc.constantFrom(0, 0, 0, -100, 100)
const asked: fc.Arbitrary<Asked> = fc.record({
  id: fc.nat({ max: 6 }),
  publicKey: fc.option(fc.nat({ max: 6 }), { freq: 4 }),
  server: fc.nat({ max: 1 }),
  content: fc.constantFrom(0, 0, 0, 1),
  jweCharacters: fc.constantFrom(20, 20, 20, 900),
  isWrappedForStranger: seldom,
  signer: fc.constantFrom('own', 'own', 'own', 'unknown', null),
  isRefused: seldom,
  certifiedIn: iat,
  possessedIn: iat,
  expiresIn: fc.constantFrom(null, 86_400 * 8, 3600, -60),
  notices: fc.option(fc.constantFrom([], [7200, 60]), { freq: 2 }),
  nonce: fc.option(fc.nat({ max: 15 }), { freq: 10 }),
  when: fc.constantFrom('now', 'now', 'now', 'now', 'now', 'now', 'past', 'ahead'),
  isStranger: seldom,
})

/** One request as the database function takes it. */
interface Values {
  readonly managementKeyId: string
  readonly nonce: string | null
  readonly created: number
  readonly expires: number
  readonly key: object
}

/** The requests of one run, the same for both accounts. */
function valuesOf({ key }: Owner, run: string) {
  return (one: Asked): Values => {
    const created = nowSeconds() + { now: 0, past: -600, ahead: 600 }[one.when]
    const uuid = `${run.slice(0, 35)}${String(one.id)}`
    const wrapped = { management_key_id: key.id, jwe: 'x'.repeat(one.jweCharacters) }
    return {
      managementKeyId: one.isStranger ? 'x'.repeat(43) : key.id,
      nonce: one.nonce === null ? null : `${run} ${String(one.nonce)}`,
      created,
      expires: created + 60,
      key: {
        id: uuid,
        application_server: `https://${String(one.server)}.example`,
        label: null,
        public_key: one.publicKey === null ? null : { kty: 'OKP', crv: 'Ed25519', x: String(one.publicKey) },
        thumbprint: one.publicKey === null ? null : `${run} ${String(one.publicKey)}`,
        not_before: null,
        expires_at: one.expiresIn === null ? null : new Date(Date.now() + one.expiresIn * 1000),
        expiry_notices: one.notices,
        max_uses: 5,
        overuse_policy: 'NOTIFY',
        content_hash: Buffer.from(`${String(one.content)} ${String(one.publicKey)}`).toString('hex'),
        certificate: one.signer === null ? null : 'certificate',
        certificate_signer: one.signer === 'own' ? key.id : one.signer,
        certificate_iat: nowSeconds() + one.certifiedIn,
        possession: 'possession',
        possession_iat: nowSeconds() + one.possessedIn,
        is_refused: one.isRefused,
        wrapped_keys: one.isWrappedForStranger ? [wrapped, { management_key_id: null, jwe: 'x' }] : [wrapped],
      },
    }
  }
}

const plenty = { keys: 1000, bytes: 1_000_000 }

async function storeGroup(
  { accountId }: Pick<Owner, 'accountId'>,
  all: readonly Values[],
  { waits, ...most }: { readonly waits: boolean; readonly keys: number; readonly bytes: number },
): Promise<string[]> {
  const each = (value: (one: Values) => string | null) => all.map(value)
  const rows = await world.sql`
    SELECT place, outcome, quota FROM store_transaction_key_group(
      ${each(() => accountId)}::uuid[], ${each(({ managementKeyId }) => managementKeyId)}::text[],
      ${each(({ nonce }) => nonce)}::text[], ${each(({ created }) => String(created))}::text[]::bigint[],
      ${each(({ expires }) => String(expires))}::text[]::bigint[], ${each(() => '192.0.2.1')}::text[],
      ${JSON.stringify(all.map(({ key }) => key))}::text::json, '{2592000,604800,86400}',
      ${most.keys}, ${most.bytes}, ${waits})
    ORDER BY place`
  expect(rows.map(({ place }) => Number(place))).toEqual(all.map((_one, index) => index + 1))
  return rows.map(nameOf)
}

function nameOf({ outcome, quota }: { readonly outcome?: string; readonly quota?: string | null }): string {
  return [outcome, quota].filter((part) => typeof part === 'string').join(' ')
}

/** As the node does that holds the account, where the tables are distributed. */
async function storeOnNode(
  { accountId }: Owner,
  { managementKeyId, nonce, created, expires, key }: Values,
  most: { readonly keys: number; readonly bytes: number },
): Promise<string> {
  const [row] = await world.sql`
    SELECT outcome, quota FROM store_transaction_key(
      ${accountId}, ${managementKeyId}, ${nonce}, ${created}, ${expires}, '192.0.2.1', ${JSON.stringify(key)}::text::json,
      '{2592000,604800,86400}', ${most.keys}, ${most.bytes})`
  return nameOf(row ?? {})
}

/** Everything that stores leave behind, without the names of the account. */
async function traceOf({ accountId, key }: Owner, run: string): Promise<unknown> {
  const ofRun = `${run.slice(0, 35)}%`
  const rows = await Promise.all([
    world.sql`SELECT id, application_server, label, public_key, thumbprint, expires_at IS NULL AS endless, expiry_notices,
        has_default_notices, certificate, possession, content_hash
      FROM transaction_keys WHERE account_id = ${accountId} AND id::text LIKE ${ofRun} ORDER BY id`,
    world.sql`SELECT transaction_key_id, max_uses, overuse_policy FROM transaction_key_usage
      WHERE account_id = ${accountId} AND transaction_key_id::text LIKE ${ofRun} ORDER BY 1`,
    world.sql`SELECT transaction_key_id, jwe FROM wrapped_keys
      WHERE account_id = ${accountId} AND transaction_key_id::text LIKE ${ofRun} ORDER BY 1, 2`,
    // The sweep may have taken an end that was due at once.
    world.sql`SELECT transaction_key_id, notice_seconds, taken_at IS NULL OR notice_seconds = 0 AS armed,
        due_at = expires_at - make_interval(secs => notice_seconds) AS right_time
      FROM deadlines WHERE account_id = ${accountId} ORDER BY 1, 2`,
    world.sql`SELECT nonce FROM nonces WHERE principal_id = ${accountId} AND nonce LIKE '% %' ORDER BY nonce`,
    // Entries are moved from the one to the other all the time, in a transaction each.
    world.sql`SELECT transaction_key_id, code, address FROM (
        SELECT transaction_key_id, code, address FROM audit_pending WHERE account_id = ${accountId} AND action = 'KEY_STORED'
        UNION ALL
        SELECT transaction_key_id, code, address FROM audit_entries WHERE account_id = ${accountId} AND action = 'KEY_STORED'
      ) AS entries WHERE transaction_key_id::text LIKE ${ofRun} ORDER BY 1`,
    world.sql`SELECT u.transaction_keys AS keys, u.transaction_keys = s.key_count AND u.stored_bytes = s.byte_count AS right
      FROM account_usage u, stored_of(${accountId}, NULL) AS s WHERE u.account_id = ${accountId}`,
    world.sql`SELECT last_used_at IS NOT NULL AS used FROM management_keys WHERE id = ${key.id}`,
  ])
  return rows.map((each) => [...each])
}

test(
  'a group leaves what its requests leave one after the other, also on distributed tables, and answers each alike',
  { timeout: 120_000 },
  async () => {
    const seen = new Set<string>()
    const ofNode = new URL('../../../schema/distribution/store_transaction_key.sql', import.meta.url)
    await world.sql.unsafe(await readFile(ofNode, 'utf8'))
    await fc.assert(
      fc.asyncProperty(fc.array(asked, { minLength: 1, maxLength: 25 }), fc.uuid(), async (all, run) => {
        const [alone, together, distributed] = [await openOwner(), await openOwner(), await openOwner()]
        const most = { keys: 5, bytes: 4000 }
        const values = all.map(valuesOf(together, run))
        const outcomes = await storeGroup(together, values, { ...most, waits: false })
        for (const outcome of outcomes) seen.add(outcome)
        // Those that the group leaves alone come after the others, and replays of their nonces after them.
        const turnOf = (index: number) => ['ALONE', 'SIGNATURE_REPLAYED'].indexOf(outcomes[index] ?? '')
        const order = [...all.keys()].sort((a, b) => turnOf(a) - turnOf(b))
        for (const index of order.filter((each) => outcomes[each] === 'ALONE')) {
          const [outcome = ''] = await storeGroup(together, values.slice(index, index + 1), {
            ...most,
            waits: true,
          })
          outcomes[index] = outcome
          seen.add(outcome)
        }
        for (const index of order) {
          const one = all.slice(index, index + 1)
          const outcome = [outcomes[index]]
          expect(await storeGroup(alone, one.map(valuesOf(alone, run)), { ...most, waits: true })).toEqual(
            outcome,
          )
          for (const onNode of one.map(valuesOf(distributed, run)))
            expect([await storeOnNode(distributed, onNode, most)]).toEqual(outcome)
        }
        expect(await traceOf(together, run)).toEqual(await traceOf(alone, run))
        expect(await traceOf(distributed, run)).toEqual(await traceOf(alone, run))
      }),
      { numRuns: 15, endOnFailure: true },
    )
    // The runs had requests of which the property speaks.
    expect([...seen]).toEqual(expect.arrayContaining(['GRANTED', 'ALONE']))
  },
)

let owner: Owner
let other: Owner
beforeAll(async () => {
  ;[owner, other] = [await openOwner(), await openOwner()]
})

const plain: Asked = {
  id: 0,
  publicKey: 0,
  server: 0,
  content: 0,
  jweCharacters: 20,
  isWrappedForStranger: false,
  signer: 'own',
  isRefused: false,
  certifiedIn: 0,
  possessedIn: 0,
  expiresIn: null,
  notices: null,
  nonce: 0,
  when: 'now',
  isStranger: false,
}

/** Holds the row of what an account has stored while `work` runs. */
async function whileLocked({ accountId }: Owner, work: () => Promise<void>): Promise<void> {
  await world.sql.begin(async (sql) => {
    await sql`SELECT 1 FROM account_usage WHERE account_id = ${accountId} FOR UPDATE`
    await work()
  })
}

test('a group does not wait for an account that another transaction holds, and leaves no trace of its request', async () => {
  const run = randomUUID()
  const values = valuesOf(owner, run)(plain)
  await whileLocked(owner, async () => {
    expect(await storeGroup(owner, [values], { ...plenty, waits: false })).toEqual(['BUSY'])
  })
  expect(await world.sql`SELECT 1 FROM nonces WHERE nonce = ${values.nonce}`).toHaveLength(0)
  expect(await storeGroup(owner, [values], { ...plenty, waits: true })).toEqual(['GRANTED'])
})

function store(url: string, { key }: Owner, input: Record<string, unknown>): Promise<GraphQLAnswer> {
  return call(url, key, { query: storeMutation, variables: { input } })
}

async function newInputs({ key }: Owner, count: number, changes: Record<string, unknown> = {}) {
  return Promise.all(Array.from({ length: count }, () => storeInput(key, changes)))
}

test('an account that is held delays its own stores only', async () => {
  const held: Promise<GraphQLAnswer>[] = []
  const [ofOwner, ofOther] = [await newInputs(owner, 20), await newInputs(other, 20)]
  await whileLocked(owner, async () => {
    for (const input of ofOwner) held.push(store(world.url, owner, input))
    const answers = await Promise.all(ofOther.map((input) => store(world.url, other, input)))
    expect(answers.flatMap(({ errors }) => errors)).toEqual([])
    const undecided = Symbol('undecided')
    expect(await Promise.race([...held, Promise.resolve(undecided)])).toBe(undecided)
  })
  for (const answer of await Promise.all(held)) expect(answer).toMatchObject({ errors: [] })
})

test('one key that the database cannot store fails alone, and those of its group are stored', async () => {
  await world.sql`CREATE FUNCTION refuse_label() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'poison' USING ERRCODE = 'check_violation'; END $$`
  await world.sql`CREATE TRIGGER refuse_label BEFORE INSERT ON transaction_keys
    FOR EACH ROW WHEN (NEW.label = 'poison') EXECUTE FUNCTION refuse_label()`
  const [poisoned] = await newInputs(owner, 1, { label: 'poison' })
  const [ofOwner, ofOther] = [await newInputs(owner, 8), await newInputs(other, 8)]
  const all = [
    ...ofOwner.map((input) => ({ of: owner, input })),
    { of: owner, input: poisoned ?? {} },
    ...ofOther.map((input) => ({ of: other, input })),
  ]
  const answers = await Promise.all(all.map(({ of, input }) => store(world.url, of, input)))
  const failed = answers.filter(({ errors }) => errors.length > 0)
  expect(failed.map(({ code }) => code)).toEqual(['INTERNAL_SERVER_ERROR'])
  expect(answers[ofOwner.length]).toBe(failed[0])
  const ids = [...ofOwner, ...ofOther].map(({ id }) => id)
  expect(await world.sql`SELECT 1 FROM transaction_keys WHERE id = ANY (${ids}::uuid[])`).toHaveLength(16)
  expect(await world.sql`SELECT 1 FROM transaction_keys WHERE id = ${poisoned?.id ?? ''}`).toHaveLength(0)
})

const urls = () => world.servers.map(({ url }) => url)
const urlOf = (index: number) => urls()[index % urls().length] ?? ''

test('the same key that comes at once to two servers is stored once, and answered to all', async () => {
  const [input] = await newInputs(owner, 1, { expiresAt: '2099-01-01T00:00:00Z' })
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) => store(urlOf(index), owner, input ?? {})),
  )
  for (const answer of answers)
    expect(answer).toMatchObject({ errors: [], data: { storeTransactionKey: { id: input?.id } } })
  const id = input?.id ?? ''
  const recorded = await world.sql`
    SELECT 1 FROM audit_pending WHERE transaction_key_id = ${id}
    UNION ALL SELECT 1 FROM audit_entries WHERE transaction_key_id = ${id}`
  expect(recorded).toHaveLength(1)
  expect(await world.sql`SELECT 1 FROM deadlines WHERE transaction_key_id = ${id}`).toHaveLength(4)
})

test('of 20 keys with one public key, or under one id, that come at once to two servers, one is stored', async () => {
  const [first, second] = await newInputs(owner, 2)
  const samePublicKey = await newInputs(owner, 20, { publicKey: first?.publicKey })
  const sameId = await newInputs(owner, 20, { id: second?.id })
  for (const inputs of [samePublicKey, sameId]) {
    const answers = await Promise.all(inputs.map((input, index) => store(urlOf(index), owner, input)))
    expect(answers.filter(({ errors }) => errors.length === 0)).toHaveLength(1)
    expect(answers.filter(({ code }) => code === 'CONFLICT')).toHaveLength(19)
  }
})

test('one request that is sent many times at once to two servers is decided once', async () => {
  const input = await storeInput(owner.key)
  const target = 'https://keys.example/graphql'
  const request = await signRequest(world.url, owner.key, {
    query: storeMutation,
    variables: { input },
    target,
  })
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) => send({ ...request, url: `${urlOf(index)}/graphql` })),
  )
  expect(answers.filter(({ errors }) => errors.length === 0)).toHaveLength(1)
  const reasons = answers.map(({ errors }) => pick(errors, 0, 'extensions', 'reason'))
  expect(reasons.filter((reason) => reason === 'SIGNATURE_REPLAYED')).toHaveLength(19)
})

test('fields of one request are stored one after the other under one nonce', async () => {
  const inputs = await newInputs(owner, 3)
  const fields = inputs.map(
    (_input, index) => `k${String(index)}: storeTransactionKey(input: $i${String(index)}) { id }`,
  )
  const arguments_ = inputs.map((_input, index) => `$i${String(index)}: StoreTransactionKeyInput!`)
  const answer = await call(world.url, owner.key, {
    query: `mutation (${arguments_.join(', ')}) { ${fields.join(' ')} }`,
    variables: Object.fromEntries(inputs.map((input, index) => [`i${String(index)}`, input])),
  })
  expect(answer.errors).toEqual([])
  expect(Object.values(answer.data ?? {})).toEqual(inputs.map(({ id }) => ({ id })))
})
