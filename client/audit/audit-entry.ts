import { acquisitionPurposes, type AcquisitionPurpose } from '../../schema/wire/enums.ts'
import type { ResponseReader } from '../transport/response-reader.ts'

/** An action on the account or one of its keys, done or refused. docs/audit-log.md has the actions. */
export interface AuditEntry {
  readonly id: string
  /** E.g. KEY_ACQUIRED. Later versions of the key server may know more actions than this one. */
  readonly action: string
  readonly occurredAt: Date
  /** False where it was refused; `code` is then the error's. */
  readonly granted: boolean
  readonly code: string | null
  /** Null for every action but KEY_ACQUIRED. */
  readonly purpose: AcquisitionPurpose | null
  /** The management key that signed the request. */
  readonly managementKeyId: string
  /** As it was asked for: the account may have no such key. */
  readonly transactionKeyId: string | null
  /** The management key that was added or revoked, or that a transaction key was wrapped for. */
  readonly affectedManagementKeyId: string | null
  /** The client's; null where the operator does not record addresses. */
  readonly address: string | null
  /** Its number in the account's log: 1, 2, 3, … Null until it is sealed. */
  readonly sequence: number | null
  /** Hex SHA-256 of the entry and the hash before it. Null until it is sealed. */
  readonly hash: string | null
}

/** An entry that is sealed. */
export type SealedAuditEntry = AuditEntry & { readonly sequence: number; readonly hash: string }

export const auditEntryFields = `id action occurredAt granted code purpose managementKeyId transactionKeyId
  affectedManagementKeyId address sequence hash`

/** @throws {VaultError} ANSWER_MALFORMED. */
export function parseAuditEntry(answer: ResponseReader): AuditEntry {
  return {
    id: answer.text('id'),
    action: answer.text('action'),
    occurredAt: answer.instant('occurredAt'),
    granted: answer.boolean('granted'),
    code: answer.textOrNull('code'),
    purpose: answer.oneOfOrNull('purpose', acquisitionPurposes),
    managementKeyId: answer.text('managementKeyId'),
    transactionKeyId: answer.textOrNull('transactionKeyId'),
    affectedManagementKeyId: answer.textOrNull('affectedManagementKeyId'),
    address: answer.textOrNull('address'),
    sequence: answer.integerOrNull('sequence'),
    hash: answer.textOrNull('hash'),
  }
}

export function isSealed(entry: AuditEntry): entry is SealedAuditEntry {
  return entry.sequence !== null && entry.hash !== null
}

/** The members that are hashed, apart from the hash before, in the order of RFC 8785 §3.2.3. Also the order of an export. */
export function hashedMembers(entry: AuditEntry) {
  return {
    action: entry.action,
    address: entry.address,
    affectedManagementKeyId: entry.affectedManagementKeyId,
    code: entry.code,
    granted: entry.granted,
    id: entry.id,
    managementKeyId: entry.managementKeyId,
    occurredAt: entry.occurredAt.toISOString(),
    purpose: entry.purpose,
    sequence: entry.sequence,
    transactionKeyId: entry.transactionKeyId,
  }
}

/**
 * Computes the hash of an entry, hex: SHA-256 of the entry and the hash before it in the canonical form of JSON (RFC 8785), as
 * docs/audit-log.md specifies it.
 */
export async function hashAuditEntry(entry: AuditEntry, previousHash: string): Promise<string> {
  const { purpose, sequence, transactionKeyId, ...first } = hashedMembers(entry)
  // Strings, whole numbers, booleans and null: JSON.stringify writes these in the canonical form.
  const canonical = JSON.stringify({ ...first, previousHash, purpose, sequence, transactionKeyId })
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(canonical))
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
