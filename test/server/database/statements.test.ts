import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { markedOperations, plausibleValues } from '../../support/canaries.ts'
import { createTestDatabase, type TestDatabase } from '../../support/database.ts'
import { acquire, call, createRawKey, openAccount, storeKey, wrap } from '../../support/raw-client.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'
import { feedOverSocket } from '../../support/socket.ts'
import { problemOf } from '../../support/statement-check.ts'
import { startStatementLog, type StatementLog } from '../../support/statement-log.ts'

/* Every statement names its account, or is of a known kind, so that distributed tables take it and one node answers it. */

let database: TestDatabase
let log: StatementLog
let server: TestServer

beforeAll(async () => {
  database = await createTestDatabase()
  log = await startStatementLog(database.url)
  server = await startTestServer(log.url)
})
afterAll(async () => {
  await server.stop()
  await log.close()
  await database.drop()
})

test('each statement that requests and jobs make is one for distributed tables', async () => {
  const { key } = await openAccount(server.url)
  const { id } = await storeKey(server.url, key, { expiresAt: new Date(Date.now() + 500).toISOString() })
  await acquire(server.url, key, { id })
  await acquire(server.url, key, { id, acquisitionId: randomUUID() })
  const feed = await feedOverSocket(server.url, key)
  const operations = markedOperations('mark', plausibleValues(await createRawKey(), await wrap(key)))
  for (const { kind, query, variables } of operations) {
    if (kind !== 'subscription') await call(server.url, key, { query, variables })
  }
  for (const query of readings(id)) expect((await call(server.url, key, { query })).errors).toEqual([])
  for (const { query, variables } of changes(id)) {
    expect([query, (await call(server.url, key, { query, variables })).errors]).toEqual([query, []])
  }
  await feed.next(5_000)
  // A turn of each job that comes often.
  await delay(6_000)
  await feed.close()

  const made = [...log.statements].filter((statement) => !isOfStart(statement))
  expect(made.length).toBeGreaterThan(60)
  expect(
    made.flatMap((statement) =>
      problemOf(statement) === null ? [] : [`${problemOf(statement) ?? ''}: ${statement}`],
    ),
  ).toEqual([])
})

/** The start asks the catalogue, and reads the journal of the migrations. */
function isOfStart(statement: string): boolean {
  return (
    /\bpg_(?!notify|advisory)[a-z_]+\b|current_setting|__drizzle_migrations|to_regclass/i.test(statement) &&
    !statement.includes('statement_timestamp')
  )
}

function readings(id: string): readonly string[] {
  return [
    `{ account { name usage { transactionKeys } managementKeys { id } webhooks { id deadLetterCount } channels { id }
      alerts(first: 5) { unacknowledgedCount edges { cursor } } } }`,
    `{ transactionKey(id: "${id}") { id wrappedFor { id } } }`,
    `{ account { auditLog(first: 5) { edges { cursor } } auditHead { sequence statement } } }`,
    ...['NEWEST', 'OLDEST', 'EXPIRING_FIRST', 'LAST_USED', 'MOST_USED', 'NAME'].map(
      (sort) =>
        `{ account { transactionKeys(first: 5, sort: ${sort}, search: "shop") { totalCount edges { cursor } } } }`,
    ),
  ]
}

function changes(id: string) {
  return [
    {
      query: `mutation ($input: UpdateTransactionKeyInput!) { updateTransactionKey(input: $input) { id } }`,
      variables: { input: { id, label: 'Shop', maxUses: 1, expiresAt: null } },
    },
    {
      query: `mutation ($input: SetWebhookInput!) { setWebhook(input: $input) { webhook { id } } }`,
      variables: { input: { url: 'https://receiver.example/hook' } },
    },
    { query: `mutation { revokeTransactionKey(id: "${id}") { id } }`, variables: {} },
    { query: `mutation { destroyTransactionKey(id: "${id}") { id } }`, variables: {} },
  ]
}

describe('a statement that distributed tables would not take is found (negative control)', () => {
  test.each([
    ['SELECT * FROM transaction_keys WHERE id = $1', 'transaction_keys without account_id'],
    ['DELETE FROM webhooks WHERE notice IS NOT NULL', 'webhooks without account_id'],
    [
      'UPDATE webhooks SET due_at = clock_timestamp() WHERE account_id = $1',
      'a volatile function in a change',
    ],
    [
      'UPDATE webhooks SET due_at = coalesce(due_at, now()) WHERE account_id = $1',
      'a function in a CASE or COALESCE',
    ],
    ['DELETE FROM nonces WHERE principal_id = $1 AND ctid = ANY ($2)', 'rows by their places'],
    ['SELECT of_tomorrow($1)', 'neither a table nor a known function'],
  ])('%s', (statement, problem) => {
    expect(problemOf(statement)).toBe(problem)
  })

  test.each([
    'SELECT * FROM transaction_keys WHERE account_id = $1 AND id = $2',
    'insert into "alerts" ("account_id", "position") values ($1, $2)',
    'SELECT sweep_deadlines($1) AS taken, next_deadline_ms() AS next_ms',
    'SELECT id FROM server_keys',
  ])('and one that they take is not: %s', (statement) => {
    expect(problemOf(statement)).toBeNull()
  })
})
