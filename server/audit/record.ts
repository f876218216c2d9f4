import { auditPending } from '../../schema/tables/index.ts'
import type { AcquisitionPurpose, AuditAction } from '../../schema/wire/enums.ts'
import type { SignedTransaction } from '../auth/signed-request.ts'

/** The effect or refusal of a signed request, without its signer and time. */
export interface AuditRecord {
  readonly action: AuditAction
  /** The error's code; absent when the action was granted. */
  readonly code?: string
  readonly purpose?: AcquisitionPurpose
  /** Null for a malformed id. */
  readonly transactionKeyId?: string | null
  readonly affectedManagementKeyId?: string
}

/**
 * Stores entries of the audit log, in this order, in the transaction of the effect that they record: an effect that cannot be
 * recorded is rolled back. Acquisitions and stored keys are recorded by database functions.
 */
export async function recordAudit(
  { tx, accountId, managementKeyId, address, now }: SignedTransaction,
  records: readonly AuditRecord[],
): Promise<void> {
  if (records.length === 0) return
  const common = { accountId, managementKeyId, address, occurredAt: now }
  await tx.insert(auditPending).values(records.map((record) => ({ ...common, ...record })))
}
