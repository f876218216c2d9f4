/**
 * Fails when schema/migrations/ lags behind schema/tables/ or schema/functions/. `npm run db:check`; `npm run db:generate`
 * mends it.
 */
import * as tables from '../../schema/tables/index.ts'
import { pendingFunctions, readFunctionFiles } from './database-functions.ts'
import { pendingMigration } from './pending-migration.ts'

const statements = [
  ...(await pendingMigration(tables)),
  ...(await pendingFunctions(await readFunctionFiles())),
]
if (statements.length > 0) {
  process.stderr.write(
    `schema/migrations is behind schema/tables or schema/functions. \`npm run db:generate\` mends it. It would add:\n${statements.join('\n')}\n`,
  )
  process.exitCode = 1
}
