/**
 * Writes schema/schema.sql from a database that the committed migrations have made: `npm run schema:sql`.
 * test/tooling/database-functions.test.ts fails when that was forgotten.
 */
import { writeFile } from 'node:fs/promises'
import { startBenchDatabase } from '../../bench/support/database.ts'
import { dumpSchema } from './dump-schema.ts'

const database = await startBenchDatabase()
try {
  await writeFile(new URL('../../schema/schema.sql', import.meta.url), await dumpSchema(database.sql))
} finally {
  await database.stop()
}
