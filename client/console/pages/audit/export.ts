import type { AuditEntry } from '../../../index.ts'

/** Those that are hashed, in their order, with the hash at the end: a checker of docs/audit-log.md reads them as they are. */
const columns = [
  'action',
  'address',
  'affectedManagementKeyId',
  'code',
  'granted',
  'id',
  'managementKeyId',
  'occurredAt',
  'purpose',
  'sequence',
  'transactionKeyId',
  'hash',
] as const satisfies readonly (keyof AuditEntry)[]

/** One JSON object a line, oldest first, so that each line is chained to the one before. */
export function jsonLinesOf(entries: readonly AuditEntry[]): string {
  const lines = entries
    .toReversed()
    .map((entry) => JSON.stringify(Object.fromEntries(columns.map((name) => [name, entry[name]]))))
  return `${lines.join('\n')}\n`
}

/** RFC 4180, oldest first. */
export function csvOf(entries: readonly AuditEntry[]): string {
  const rows = entries.toReversed().map((entry) => columns.map((name) => cellOf(entry[name])))
  return `${[[...columns], ...rows].map((row) => row.join(',')).join('\r\n')}\r\n`
}

/** Quoted, and never a formula: spreadsheets run what begins with one of these. */
function cellOf(value: AuditEntry[(typeof columns)[number]]): string {
  const text = value === null ? '' : value instanceof Date ? value.toISOString() : String(value)
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return `"${safe.replaceAll('"', '""')}"`
}
