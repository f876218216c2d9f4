import { readdir, readFile } from 'node:fs/promises'
import { readMigrations } from './migration-files.ts'

const functionsFolder = new URL('../../schema/functions/', import.meta.url)

/** The current text of each database function, by its name: the files of schema/functions/. */
export async function readFunctionFiles(): Promise<Map<string, string>> {
  const files = (await readdir(functionsFolder)).filter((name) => name.endsWith('.sql')).sort()
  const texts = await Promise.all(
    files.map(async (file) => (await readFile(new URL(file, functionsFolder), 'utf8')).trim()),
  )
  return new Map(files.map((file, index) => [file.slice(0, -'.sql'.length), texts[index] ?? '']))
}

/**
 * The functions that `npm run db:generate` would still copy into a migration: the texts of functions whose newest text
 * in the migrations is another one. Each stands in a migration as it stands in its file.
 *
 * @param files the texts by name, as {@link readFunctionFiles} reads them
 * @throws Error for a function of the migrations that has no file and was not dropped
 */
export async function pendingFunctions(files: ReadonlyMap<string, string>): Promise<string[]> {
  const migrated = await migratedFunctions()
  for (const name of migrated.keys()) {
    if (!files.has(name)) {
      throw new Error(`schema/functions/${name}.sql is missing, and no migration drops the function.`)
    }
  }
  return [...files].flatMap(([name, text]) => (migrated.get(name) === text ? [] : [text]))
}

/** The statements of a migration for these functions, in any order: their bodies are not checked until they are called. */
export function functionsMigration(texts: readonly string[]): string {
  const statements = ['SET LOCAL check_function_bodies = off;', ...texts]
  return `${statements.join('\n--> statement-breakpoint\n')}\n`
}

async function migratedFunctions(): Promise<Map<string, string>> {
  const newest = new Map<string, string>()
  for (const { sql } of await readMigrations()) {
    for (const statement of sql.split('--> statement-breakpoint').map((part) => part.trim())) {
      const made = /^CREATE OR REPLACE FUNCTION (\w+)\(/m.exec(statement)?.[1]
      const dropped = /^DROP FUNCTION (\w+)\(/m.exec(statement)?.[1]
      if (made !== undefined) newest.set(made, statement)
      if (dropped !== undefined) newest.delete(dropped)
    }
  }
  return newest
}
