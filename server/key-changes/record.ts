import { sql } from 'drizzle-orm'
import type { Executor } from '../database/connect.ts'
import type { storedKeyChangeKinds } from '../../schema/wire/enums.ts'

/**
 * Records a change of a key for its application server, if that is registered. Call it last in a transaction, after alerts: it
 * locks the application server's row until the end.
 */
export async function recordKeyChange(
  { tx, accountId }: { readonly tx: Executor; readonly accountId: string },
  transactionKeyId: string,
  kind: (typeof storedKeyChangeKinds)[number],
): Promise<void> {
  await tx.execute(
    sql`SELECT record_key_changes(ARRAY[${accountId}]::uuid[], ARRAY[${transactionKeyId}]::uuid[], ${kind})`,
  )
}
