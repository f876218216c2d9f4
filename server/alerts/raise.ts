import { sql } from 'drizzle-orm'
import type { AlertDetailsByKind } from '../../schema/tables/index.ts'
import type { Executor } from '../database/connect.ts'

/** An alert that the server raises itself. Those of counting and of deadlines are raised by the database functions. */
export type AlertToRaise =
  | {
      readonly kind: 'KEY_REVOKED'
      readonly transactionKeyId: string
      readonly details: AlertDetailsByKind['KEY_REVOKED']
    }
  | {
      readonly kind: 'MANAGEMENT_KEY_ADDED' | 'MANAGEMENT_KEY_REVOKED'
      readonly managementKeyId: string
      readonly details: AlertDetailsByKind['MANAGEMENT_KEY_ADDED' | 'MANAGEMENT_KEY_REVOKED']
    }
  | {
      readonly kind: 'CHANNEL_CHANGED'
      readonly managementKeyId: string | null
      readonly details: AlertDetailsByKind['CHANNEL_CHANGED']
    }
  | { readonly kind: 'PUBLIC_KEY_MISMATCH'; readonly details: AlertDetailsByKind['PUBLIC_KEY_MISMATCH'] }

/**
 * Stores an alert, and wakes webhooks and subscribers when the transaction commits. It locks the account's row until then: see
 * the order of locks in schema/functions/README.md.
 */
export async function raiseAlert(
  { tx, accountId }: { readonly tx: Executor; readonly accountId: string },
  alert: AlertToRaise,
): Promise<void> {
  const transactionKeyId = 'transactionKeyId' in alert ? alert.transactionKeyId : null
  const managementKeyId = 'managementKeyId' in alert ? alert.managementKeyId : null
  await tx.execute(
    sql`SELECT raise_alert(${accountId}, ${alert.kind}, ${transactionKeyId}, ${managementKeyId},
      ${JSON.stringify(alert.details)}::text::jsonb)`,
  )
}
