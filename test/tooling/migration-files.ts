import { readFile } from 'node:fs/promises'
import * as z from 'zod'

const migrationsFolder = new URL('../../schema/migrations/', import.meta.url)

const Journal = z.object({ entries: z.array(z.object({ tag: z.string() })).min(1) })

/** The part of drizzle-kit's snapshot that this file reads; the rest goes back to drizzle-kit as it is. */
const Snapshot = z.looseObject({ id: z.uuid(), dialect: z.literal('postgresql') })

interface Migration {
  readonly file: URL
  readonly sql: string
}

/** The migrations in their order. @throws Error when the journal names one that has no file */
export async function readMigrations(): Promise<Migration[]> {
  const { entries } = Journal.parse(await readJson('meta/_journal.json'))
  return Promise.all(
    entries.map(async ({ tag }) => {
      const file = new URL(`${tag}.sql`, migrationsFolder)
      return { file, sql: await readFile(file, 'utf8') }
    }),
  )
}

/** drizzle-kit's description of the tables after the newest migration. */
export async function readNewestSnapshot() {
  const newest = String((await readMigrations()).length - 1).padStart(4, '0')
  return Snapshot.parse(await readJson(`meta/${newest}_snapshot.json`))
}

async function readJson(path: string): Promise<unknown> {
  return JSON.parse(await readFile(new URL(path, migrationsFolder), 'utf8'))
}
