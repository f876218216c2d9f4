import { readFile } from 'node:fs/promises'
import { generateDrizzleJson, generateMigration } from 'drizzle-kit/api'
import * as z from 'zod'

const migrationsFolder = new URL('../../schema/migrations/', import.meta.url)

const Journal = z.object({ entries: z.array(z.object({ tag: z.string() })).min(1) })

/** The part of drizzle-kit's snapshot that this file reads; the rest goes back to drizzle-kit as it is. */
const Snapshot = z.looseObject({ id: z.uuid(), dialect: z.literal('postgresql') })

/**
 * What `npm run db:generate` would still write: the SQL statements that lead from the newest committed snapshot to
 * `tables`. Empty when the migrations are current. `drizzle-kit generate` itself exits with 0 whatever happens, and
 * asks questions on a terminal.
 *
 * @param tables the exports of schema/tables/index.ts
 */
export async function pendingMigration(tables: Record<string, unknown>): Promise<string[]> {
  const { entries } = Journal.parse(await readJson('meta/_journal.json'))
  // A migration without its file is a journal that lies.
  await Promise.all(entries.map(({ tag }) => readFile(new URL(`${tag}.sql`, migrationsFolder))))
  const newest = String(entries.length - 1).padStart(4, '0')
  const committed = Snapshot.parse(await readJson(`meta/${newest}_snapshot.json`))
  return generateMigration(committed, generateDrizzleJson(tables, committed.id))
}

async function readJson(path: string): Promise<unknown> {
  return JSON.parse(await readFile(new URL(path, migrationsFolder), 'utf8'))
}
