/**
 * Prints the SDL to schema/schema.graphql, or with --check fails when that file differs.
 * `npm run schema` and `npm run schema:check`.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { lexicographicSortSchema, printSchema } from 'graphql'
import { schema } from '../../schema/graphql/index.ts'

const file = new URL('../../schema/schema.graphql', import.meta.url)
const printed = `# Derived from schema/graphql by \`npm run schema\`. Do not edit.\n\n${printSchema(lexicographicSortSchema(schema))}\n`

if (process.argv.includes('--check')) {
  const committed = await readFile(file, 'utf8')
  if (committed !== printed) {
    process.stderr.write('schema/schema.graphql is out of date. `npm run schema` mends it.\n')
    process.exitCode = 1
  }
} else {
  await writeFile(file, printed)
}
