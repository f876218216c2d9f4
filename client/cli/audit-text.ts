import { hashedMembers } from '../audit/audit-entry.ts'
import type { AuditEntry, AuditProblem } from '../index.ts'
import { printable } from './output.ts'

/** A line for people: when, what, how it ended, and the keys. */
export function summaryLine(entry: AuditEntry): string {
  const { sequence, occurredAt, action, code, purpose, transactionKeyId, affectedManagementKeyId } = entry
  const parts = [
    sequence === null ? '-' : `#${String(sequence)}`,
    occurredAt.toISOString(),
    action,
    ...(purpose === null || purpose === 'USE' ? [] : [`for ${purpose}`]),
    code === null ? 'granted' : `refused: ${code}`,
    ...(transactionKeyId === null ? [] : [`key ${transactionKeyId}`]),
    ...(affectedManagementKeyId === null ? [] : [`device ${affectedManagementKeyId}`]),
    `by ${entry.managementKeyId}`,
    ...(entry.address === null ? [] : [`from ${entry.address}`]),
  ]
  return printable(parts.join('  '))
}

/** A line of JSON: the members that are hashed, in their order, and the hash (docs/audit-log.md). */
export function jsonLine(entry: AuditEntry): string {
  return JSON.stringify(exported(entry))
}

/** A line of CSV (RFC 4180) with the same members; null is empty. */
export function csvLine(entry: AuditEntry): string {
  return Object.values(exported(entry))
    .map((value) => csvField(value === null ? '' : String(value)))
    .join(',')
}

export const csvHeader =
  'action,address,affectedManagementKeyId,code,granted,id,managementKeyId,occurredAt,purpose,sequence,transactionKeyId,hash'

function exported(entry: AuditEntry) {
  return { ...hashedMembers(entry), hash: entry.hash }
}

/** A field that a spreadsheet would take for a formula stays a text. */
function csvField(text: string): string {
  const inert = /^[=+@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert
}

const meanings: Readonly<Record<AuditProblem['code'], string>> = {
  HEAD_INVALID: 'The head of the log is not signed by the key server for this account.',
  ENTRY_MISSING: 'An entry was removed.',
  ENTRY_MISPLACED: 'The entries are not in their order.',
  ENTRY_ALTERED: 'The entry, or the one before it, was changed, added or moved.',
  ENTRY_FOREIGN: 'No management key of this account signed the entry: it is of another account.',
  HEAD_MISMATCH: 'The newest entry of the signed head is not there, or is another.',
  TRUNCATED: 'The log was further before: its newest entries are gone.',
  FORKED: 'The log had another entry here before.',
  HEAD_PRUNED: 'The entry of the head that was kept is no longer there, so they cannot be compared.',
  PRUNED_EARLY: 'The entry is said to have been removed when its retention ended, and is too young for that.',
}

/** A line for people about what is wrong. */
export function problemLine({ code, sequence }: AuditProblem): string {
  return `${sequence === null ? '' : `#${String(sequence)}  `}${code}  ${meanings[code]}`
}
