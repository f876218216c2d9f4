import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { accountIdOf } from '../../../server/lib/account-id.ts'
import { deleteAccount, setSuspended } from '../../../server/accounts/administration.ts'
import { connectDatabases, type Executor } from '../../../server/database/connect.ts'
import { runTransaction } from '../../../server/database/transaction.ts'
import { expectUnauthenticated } from '../../support/operations.ts'
import { acquire, call, createRawKey, openAccount, storeKey, type RawKey } from '../../support/raw-client.ts'
import { beginning } from '../../support/realtime.ts'
import { feedOverSocket } from '../../support/socket.ts'
import { setWebhook } from '../../support/webhooks.ts'
import { useWorld } from '../../support/world.ts'

const world = useWorld({ count: 2 })

async function administer<T>(work: (tx: Executor) => Promise<T>): Promise<T> {
  const databases = connectDatabases({ url: world.databaseUrl, writeConnectionsMax: 1 })
  try {
    return await runTransaction(databases.writes.db, work)
  } finally {
    await databases.close()
  }
}

const suspend = (name: string, isSuspended = true) =>
  administer((tx) => setSuspended(tx, accountIdOf(name), isSuspended))

async function verify(owner: string, { applicationServer, publicKey }: Awaited<ReturnType<typeof storeKey>>) {
  const { data } = await call(world.url, null, {
    query:
      'query ($input: VerifyPublicKeyInput!) { verifyPublicKey(input: $input) { coincides valid state certificate } }',
    variables: { input: { owner, applicationServer, publicKey } },
  })
  const answer: unknown = data?.['verifyPublicKey']
  return answer
}

const account = { query: '{ account { name } }' }
const unknown = { coincides: false, valid: false, state: null, certificate: null }

describe('a suspended account', () => {
  test('is refused like an unknown one, on every server and for every operation, until it is resumed', async () => {
    const { name, key } = await openAccount(world.url)
    const { id } = await storeKey(world.url, key)
    expect(await suspend(name)).toBe(true)
    const stranger = await createRawKey()
    for (const { url } of world.servers) {
      for (const query of [account.query, `{ wrappedKey(transactionKeyId: "${id}") { jwe } }`]) {
        const refused = await call(url, key, { query })
        expectUnauthenticated(refused, 'SIGNATURE_INVALID')
        expect(refused).toEqual(await call(url, stranger, { query }))
      }
    }
    expect(await suspend(name)).toBe(false)
    expect(await suspend(name, false)).toBe(true)
    expect((await call(world.url, key, account)).data).toEqual({ account: { name } })
  })

  test('has keys that verify like unknown ones, and as before when it is resumed', async () => {
    const { name, key } = await openAccount(world.url)
    const stored = await storeKey(world.url, key)
    expect(await verify(name, stored)).toMatchObject({ valid: true })
    await suspend(name)
    expect(await verify(name, stored)).toEqual(unknown)
    await suspend(name, false)
    expect(await verify(name, stored)).toMatchObject({ valid: true })
  })

  test('loses its streams at once', async () => {
    const { name, key } = await openAccount(world.url)
    const feed = await feedOverSocket(world.url, key, { after: beginning })
    const ended = feed.next().then(
      () => 'an alert',
      () => 'ended',
    )
    await suspend(name)
    expect(await ended).toBe('ended')
  })

  test('keeps its name', async () => {
    const { name } = await openAccount(world.url)
    await suspend(name)
    await expect(openAccount(world.url, { name })).rejects.toThrow('CONFLICT')
  })
})

describe('a deleted account', () => {
  test('leaves no row in any table but its id, and its name and keys are unknown from then on', async () => {
    const { name, key } = await openAccount(world.url)
    const stored = await storeKey(world.url, key, { expiresAt: '2099-01-01T00:00:00.000Z' })
    await call(world.url, key, { query: `{ wrappedKey(transactionKeyId: "${stored.id}") { jwe } }` })
    const id = accountIdOf(name)
    expect(await administer((tx) => deleteAccount(tx, id))).toBe(true)
    expect(await tablesWith(id)).toEqual(['deleted_accounts'])
    expectUnauthenticated(await call(world.url, key, account), 'SIGNATURE_INVALID')
    expect(await verify(name, stored)).toEqual(unknown)
    await expect(openAccount(world.url, { name })).rejects.toThrow('CONFLICT')
    expect(await administer((tx) => deleteAccount(tx, id))).toBe(false)
  })

  test('gives its management key free, for another account on every server', async () => {
    const { name, key } = await openAccount(world.url)
    for (const { url } of world.servers) await call(url, key, account)
    await administer((tx) => deleteAccount(tx, accountIdOf(name)))
    const other = await openAccount(world.url, { key })
    for (const { url } of world.servers) {
      await expect
        .poll(async () => (await call(url, key, account)).data, { timeout: 10_000 })
        .toEqual({ account: { name: other.name } })
    }
  })

  test('leaves other accounts as they are', async () => {
    const kept = await openAccount(world.url)
    const stored = await storeKey(world.url, kept.key)
    const { name } = await openAccount(world.url)
    await administer((tx) => deleteAccount(tx, accountIdOf(name)))
    expect(await verify(kept.name, stored)).toMatchObject({ valid: true })
    expect((await call(world.url, kept.key, account)).data).toEqual({ account: { name: kept.name } })
  })

  test('leaves no row in any table that can have one: a new table with an account’s column must come here', async () => {
    const { name, key } = await openAccount(world.url)
    const id = accountIdOf(name)
    await fillEveryTable(name, key)
    const transient = ['audit_pending', 'key_change_outbox']
    await expect
      .poll(async () => (await tablesWith(id)).filter((table) => !transient.includes(table)), {
        timeout: 10_000,
      })
      .toEqual(
        (await tablesOfAccounts()).filter((table) => ![...transient, 'deleted_accounts'].includes(table)),
      )
    await administer((tx) => deleteAccount(tx, id))
    // The changes that application servers are told of are on their way to them for a moment.
    await expect.poll(() => tablesWith(id)).toEqual(['deleted_accounts'])
  })
})

/** Gives an account a row in each table that can have one. */
async function fillEveryTable(name: string, key: RawKey): Promise<void> {
  const id = accountIdOf(name)
  const { sql } = world
  const stored = await storeKey(world.url, key, { maxUses: 1, expiresAt: '2099-01-01T00:00:00.000Z' })
  for (let use = 0; use < 2; use++) {
    await acquire(world.url, key, { id: stored.id, acquisitionId: randomUUID() })
  }
  const stranger = await createRawKey()
  await verify(name, { ...stored, publicKey: { ...stranger.signingKey } })
  const webhook = await setWebhook(world.url, key, { url: 'https://hooks.example/' })
  await sql`INSERT INTO webhook_dead_letters (account_id, webhook_id, position, failed_at, failure)
    VALUES (${id}, ${webhook.id}, 1, now(), 'HTTP_500')`
  await sql`INSERT INTO confirmations (account_id, id, address_digest, requested_at)
    VALUES (${id}, ${randomUUID()}, ${'d'.repeat(43)}, now())`
  await sql`INSERT INTO invitations (hash, expires_at, account_id) VALUES (${randomUUID()}, now(), ${id})`
}

/** The tables with a column for an account's id. */
async function tablesOfAccounts(): Promise<string[]> {
  const rows = await world.sql<{ table_name: string }[]>`
    SELECT DISTINCT c.table_name
    FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
    WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE'
      AND (c.column_name IN ('account_id', 'principal_id') OR (c.table_name, c.column_name) = ('accounts', 'id'))
    ORDER BY 1`
  return rows.map(({ table_name: table }) => table)
}

/** The tables that have a row with this id in any column. */
async function tablesWith(id: string): Promise<string[]> {
  const columns = await world.sql<{ table_name: string; column_name: string }[]>`
    SELECT c.table_name, c.column_name
    FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
    WHERE c.table_schema = current_schema() AND c.data_type = 'uuid' AND t.table_type = 'BASE TABLE'
    ORDER BY 1, 2`
  const found = new Set<string>()
  for (const { table_name: table, column_name: column } of columns) {
    const rows = await world.sql`SELECT FROM ${world.sql(table)} WHERE ${world.sql(column)} = ${id} LIMIT 1`
    if (rows.length > 0) found.add(table)
  }
  return [...found]
}
