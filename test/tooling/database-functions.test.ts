import { readFile } from 'node:fs/promises'
import type { TransactionSql } from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { administer, type Administrator } from '../support/connections.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { functionsMigration, pendingFunctions, readFunctionFiles } from './database-functions.ts'
import { dumpSchema } from './dump-schema.ts'

let database: TestDatabase
let administrator: Administrator
let files: ReadonlyMap<string, string>

beforeAll(async () => {
  database = await createTestDatabase()
  administrator = administer(database.url)
  files = await readFunctionFiles()
})

afterAll(async () => {
  await administrator.close()
  await database.drop()
})

class RolledBack extends Error {}

/** The result of `look` after these statements, which are then rolled back. */
async function after<T>(
  statements: readonly string[],
  look: (sql: TransactionSql) => Promise<T>,
): Promise<T> {
  const found: T[] = []
  const transaction = administrator.sql.begin(async (tx) => {
    for (const statement of statements) await tx.unsafe(statement)
    found.push(await look(tx))
    throw new RolledBack()
  })
  await transaction.catch((error: unknown) => {
    if (!(error instanceof RolledBack)) throw error
  })
  const [result] = found
  if (result === undefined) throw new TypeError('The look was taken.')
  return result
}

/** The functions of a database, by name, as PostgreSQL writes them. */
async function functionsOf(sql: TransactionSql): Promise<Record<string, string>> {
  const rows = await sql<{ name: string; definition: string }[]>`
    SELECT proname AS name, string_agg(pg_get_functiondef(oid), '' ORDER BY oid) AS definition
    FROM pg_proc WHERE pronamespace = current_schema()::regnamespace GROUP BY proname`
  return Object.fromEntries(rows.map(({ name, definition }) => [name, definition]))
}

describe('the functions of a migrated database', () => {
  test('are those of schema/functions/, each in a file of its name', async () => {
    const migrated = await after([], functionsOf)
    expect(Object.keys(migrated).sort()).toEqual([...files.keys()].sort())
    expect(await after([...files.values()], functionsOf)).toEqual(migrated)
  })

  test('are told apart from files of which one has changed (negative control)', async () => {
    const changed = (files.get('settling_ms') ?? '').replace('300000', '300001')
    expect(await after([changed], functionsOf)).not.toEqual(await after([], functionsOf))
  })

  test('read the clock once', () => {
    for (const [name, text] of files) {
      const code = text.replaceAll(/--.*/g, '')
      expect([name, code.split('clock_timestamp()').length - 1]).toEqual([name, expect.toBeOneOf([0, 1])])
    }
  })
})

describe('the migrations', () => {
  test('hold the current text of each function', async () => {
    expect(await pendingFunctions(files)).toEqual([])
  })

  test('are told to lack the text of one that has changed, and of a new one (negative control)', async () => {
    const [changed, added] = ['-- changed', '-- added']
    expect(
      await pendingFunctions(new Map([...files, ['raise_alert', changed], ['of_tomorrow', added]])),
    ).toEqual([changed, added])
  })

  test('are told apart from files of which one is missing (negative control)', async () => {
    const missing = new Map([...files].filter(([name]) => name !== 'raise_alert'))
    await expect(pendingFunctions(missing)).rejects.toThrow('schema/functions/raise_alert.sql is missing')
  })

  test('take functions in any order, also one before another that it calls', async () => {
    const [called, calling] = ['settling_ms', 'settled_clock'].map((name) => files.get(name) ?? '')
    const statements = functionsMigration([calling ?? '', called ?? ''])
    const dropped = ['DROP FUNCTION settled_clock()', 'DROP FUNCTION settling_ms()']
    const parts = statements.split('--> statement-breakpoint')
    expect(await after([...dropped, ...parts], functionsOf)).toEqual(await after([], functionsOf))
  })
})

describe('schema/schema.sql', () => {
  const committed = () => readFile(new URL('../../schema/schema.sql', import.meta.url), 'utf8')

  test('is the schema of a migrated database (npm run schema:sql)', async () => {
    expect(await after([], dumpSchema)).toBe(await committed())
  })

  test.each([
    'CREATE INDEX ON alerts (kind)',
    'ALTER TABLE alerts ADD COLUMN note text',
    'ALTER TABLE alerts ALTER COLUMN details DROP NOT NULL',
    "ALTER TABLE alerts ALTER COLUMN details SET DEFAULT '{}'",
    'ALTER TABLE webhooks DROP CONSTRAINT webhooks_url',
    'ALTER TABLE accounts RESET (fillfactor)',
    "ALTER TYPE alert_kind RENAME VALUE 'KEY_EXPIRED' TO 'EXPIRED'",
    'DROP SEQUENCE proof_tickets',
    'DROP FUNCTION settling_ms()',
    'CREATE TRIGGER t AFTER INSERT ON alerts EXECUTE FUNCTION tsvector_update_trigger()',
  ])('is told apart from one after %s (negative control)', async (statement) => {
    expect(await after([statement], dumpSchema)).not.toBe(await committed())
  })
})

describe('the state of a transaction key', () => {
  const planOf = async (now: string): Promise<string> => {
    const rows = await administrator.sql.unsafe(`
      EXPLAIN (VERBOSE) SELECT transaction_key_state(u.revoked_at, k.not_before, k.expires_at, ${now})
      FROM transaction_keys k JOIN transaction_key_usage u ON u.transaction_key_id = k.id`)
    return JSON.stringify(rows)
  }

  test('costs no call of its function in a statement', async () => {
    expect(await planOf('statement_timestamp()')).not.toContain('transaction_key_state')
  })

  test('would cost one by a volatile clock (negative control)', async () => {
    expect(await planOf('clock_timestamp()')).toContain('transaction_key_state')
  })

  test.each([
    ['ACTIVE', null, null, null],
    ['ACTIVE', null, '-1 s', '1 s'],
    ['ACTIVE', null, '0 s', '1 s'],
    ['PENDING', null, '1 s', null],
    ['EXPIRED', null, null, '0 s'],
    ['EXPIRED', null, '-2 s', '-1 s'],
    ['REVOKED', '-1 s', null, null],
    ['REVOKED', '-1 s', '1 s', null],
    ['REVOKED', '-1 s', null, '-1 s'],
  ])('is %s when it was revoked at %s, begins at %s and ends at %s', async (state, ...times) => {
    const [revokedAt, notBefore, expiresAt] = times
    const [row] = await administrator.sql`
      SELECT transaction_key_state(now() + ${revokedAt ?? null}::interval, now() + ${notBefore ?? null}::interval,
        now() + ${expiresAt ?? null}::interval, now()) AS state`
    expect(row).toEqual({ state })
  })
})
