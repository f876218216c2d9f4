/**
 * Writes the migrations for changes in schema/tables/, and then for changes in schema/functions/: `npm run db:generate`,
 * with `-- --name=what` to name them. `npm run schema:sql` then prints schema/schema.sql anew.
 */
import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { functionsMigration, pendingFunctions, readFunctionFiles } from './database-functions.ts'
import { readMigrations } from './migration-files.ts'

const options = process.argv.slice(2)
generate(options)
const texts = await pendingFunctions(await readFunctionFiles())
if (texts.length > 0) {
  generate(['--name=functions', ...options, '--custom'])
  const newest = (await readMigrations()).at(-1)
  if (newest === undefined) throw new TypeError('A migration was generated.')
  await writeFile(newest.file, functionsMigration(texts))
}

function generate(args: readonly string[]): void {
  const { status, error } = spawnSync('drizzle-kit', ['generate', ...args], { stdio: 'inherit' })
  if (error !== undefined) throw error
  if (status !== 0) process.exit(status)
}
