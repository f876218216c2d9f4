import { pgTable, uuid } from 'drizzle-orm/pg-core'
import { describe, expect, test } from 'vitest'
import * as tables from '../../schema/tables/index.ts'
import { pendingMigration } from './pending-migration.ts'

describe('the committed migrations', () => {
  test('make the tables that the code declares', async () => {
    expect(await pendingMigration(tables)).toEqual([])
  })

  test('are told apart from tables that gained one (negative control)', async () => {
    const forgotten = pgTable('forgotten', { id: uuid().primaryKey() })
    expect((await pendingMigration({ ...tables, forgotten })).join('\n')).toContain(
      'CREATE TABLE "forgotten"',
    )
  })
})
