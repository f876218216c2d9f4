import { randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { getTableColumns, getTableName, is } from 'drizzle-orm'
import { getTableConfig, PgTable } from 'drizzle-orm/pg-core'
import type { TransactionSql } from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as exported from '../../../schema/tables/index.ts'
import { applicationServerIdOf } from '../../../server/application-servers/application-server-id.ts'
import { atHost } from '../../../server/database/address.ts'
import { distributeDatabase } from '../../../server/database/distribution/distribute-database.ts'
import {
  delegatedFunctions,
  droppedForeignKeys,
  placements,
} from '../../../server/database/distribution/placement.ts'
import { uuidHash } from '../../../server/database/distribution/uuid-hash.ts'
import { administer, type Administrator } from '../../support/connections.ts'
import { createTestDatabase, type TestDatabase } from '../../support/database.ts'
import { isOnCitus } from '../../support/citus.ts'

/* The distribution over machines fits the tables and functions as they are, also where no Citus is at hand. */

let database: TestDatabase
let administrator: Administrator

beforeAll(async () => {
  database = await createTestDatabase()
  administrator = administer(database.url)
})

afterAll(async () => {
  await administrator.close()
  await database.drop()
})

const tables = Object.values(exported).filter((value) => is(value, PgTable))
const tableNamed = (name: string) => tables.find((table) => getTableName(table) === name)

describe('the placement of tables', () => {
  test('has every table, and no other', () => {
    expect(Object.keys(placements).sort()).toEqual(tables.map((table) => getTableName(table)).sort())
  })

  test('is by a column that is in the primary key, as Citus asks', () => {
    for (const [name, placement] of Object.entries(placements)) {
      if (typeof placement === 'string') continue
      const table = tableNamed(name)
      if (table === undefined) throw new TypeError(name)
      const keys = [
        ...Object.values(getTableColumns(table)).filter(({ primary }) => primary),
        ...getTableConfig(table).primaryKeys.flatMap(({ columns }) => columns),
      ].map(({ name: column }): unknown => column)
      expect([name, keys]).toEqual([name, expect.arrayContaining([placement.by])])
    }
  })

  test('has each account with everything of it, so that no foreign key leads to another machine', () => {
    for (const table of tables) {
      const from = placements[getTableName(table)]
      for (const { reference } of getTableConfig(table).foreignKeys) {
        const refersTo = getTableName(reference().foreignTable)
        const to = placements[refersTo]
        if (droppedForeignKeys.some((key) => key.table === getTableName(table) && key.refersTo === refersTo))
          continue
        expect(from).toBeTypeOf('object')
        const homeOf = (placement: typeof from, own: string) =>
          typeof placement === 'object' ? (placement.beside ?? own) : null
        expect(homeOf(from, getTableName(table))).toBe(homeOf(to, refersTo))
      }
    }
  })
})

const folder = new URL('../../../schema/distribution/', import.meta.url)
const files = await Promise.all(
  (await readdir(folder))
    .filter((name) => name.endsWith('.sql'))
    .map(async (name) => ({
      name: name.slice(0, -'.sql'.length),
      text: await readFile(new URL(name, folder), 'utf8'),
    })),
)

class RolledBack extends Error {}

async function after<T>(
  statements: readonly string[],
  look: (sql: TransactionSql) => Promise<T>,
): Promise<T> {
  const found: T[] = []
  await administrator.sql
    .begin(async (tx) => {
      for (const statement of statements) await tx.unsafe(statement)
      found.push(await look(tx))
      throw new RolledBack()
    })
    .catch((error: unknown) => {
      if (!(error instanceof RolledBack)) throw error
    })
  const [result] = found
  if (result === undefined) throw new TypeError('The look was taken.')
  return result
}

const signatures = async (sql: TransactionSql): Promise<Map<string, string>> => {
  const rows = await sql<{ name: string; signature: string }[]>`
    SELECT proname AS name,
      pg_get_function_arguments(oid) || ' -> ' || coalesce(pg_get_function_result(oid), '') AS signature
    FROM pg_proc WHERE pronamespace = current_schema()::regnamespace ORDER BY oid`
  return new Map(rows.map(({ name, signature }) => [name, signature]))
}

describe.skipIf(isOnCitus)('the texts of functions for distributed tables', () => {
  const texts = ['SET LOCAL check_function_bodies = off', ...files.map(({ text }) => text)]

  test('have the arguments and results of those that they take the place of', async () => {
    const plain = await after([], signatures)
    const distributed = await after(texts, signatures)
    const shared = files.filter(({ name }) => plain.has(name))
    expect(shared.length).toBeGreaterThan(15)
    for (const { name } of shared) expect([name, distributed.get(name)]).toEqual([name, plain.get(name)])
  })

  test('are each in a file of its name, with one reading of the clock', () => {
    for (const { name, text } of files) {
      expect(text).toMatch(new RegExp(`^CREATE OR REPLACE FUNCTION ${name}\\(`, 'm'))
      const code = text.replaceAll(/--.*/g, '')
      expect([name, code.split('clock_timestamp()').length - 1]).toEqual([name, expect.toBeOneOf([0, 1])])
    }
  })

  test('find the id of an application server as the server does', async () => {
    for (const name of ['https://shop.example', 'Ümlaut', randomUUID()]) {
      const [row] = await after(texts, (sql) => sql`SELECT application_server_id_of(${name}) AS id`)
      expect(row).toEqual({ id: applicationServerIdOf(name) })
    }
  })

  test('hash an entry of the audit log as one PostgreSQL does', async () => {
    const hashOf = (text: string) => /v_hash := sha256\(.*?\);/s.exec(text)?.[0]
    const plain = await readFile(new URL('../functions/seal_audit_entries.sql', folder), 'utf8')
    const distributed = files.find(({ name }) => name === 'seal_account_entries')?.text ?? ''
    expect(hashOf(distributed)).toBe(hashOf(plain))
    expect(hashOf(plain)).toBeDefined()
  })

  test('are there for each function that is delegated to where its argument is', async () => {
    const all = await after(texts, signatures)
    for (const { name, by } of delegatedFunctions)
      expect([name, all.get(name)]).toEqual([name, expect.stringContaining(by)])
  })
})

test.skipIf(isOnCitus)('a PostgreSQL without Citus is not distributed, and told why', async () => {
  await expect(distributeDatabase(database.url)).rejects.toThrow('has no Citus')
})

test('an account is looked for on the node that PostgreSQL hashes it to', async () => {
  const ids = Array.from({ length: 200 }, () => randomUUID())
  const rows = await administrator.sql<{ hash: number }[]>`
    SELECT uuid_hash(id) AS hash FROM unnest(${[...ids, noId]}::uuid[]) WITH ORDINALITY AS ids (id, place) ORDER BY place`
  expect([...ids, noId].map(uuidHash)).toEqual(rows.map(({ hash }) => hash))
})

const noId = '00000000-0000-0000-0000-000000000000'

test('a node is reached by the login and the settings of the coordinator', () => {
  const url = 'postgres://me:p%40ss@one.example,two.example/keys?sslmode=require&target_session_attrs=primary'
  expect(atHost(url, { host: 'three.example', port: 5433 })).toBe(
    'postgres://me:p%40ss@three.example:5433/keys?sslmode=require',
  )
  expect(atHost('postgres:///keys?host=/run/postgresql&port=5433', { host: '::1', port: 1 })).toBe(
    'postgres://[::1]:1/keys',
  )
})
