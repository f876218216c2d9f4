import { createHash } from 'node:crypto'
import { z } from 'zod'
import { pick, pickEach, succeed } from './operations.ts'
import type { RawKey } from './raw-client.ts'

const auditEntry = z.strictObject({
  id: z.guid(),
  action: z.string(),
  occurredAt: z.string(),
  granted: z.boolean(),
  code: z.string().nullable(),
  purpose: z.string().nullable(),
  managementKeyId: z.string(),
  transactionKeyId: z.string().nullable(),
  affectedManagementKeyId: z.string().nullable(),
  address: z.string().nullable(),
  sequence: z.number(),
  hash: z.string(),
})

/** An entry of the audit log as these tests ask for it. */
export type AuditEntry = z.infer<typeof auditEntry>

const query = `query ($first: Int, $after: String, $filter: AuditFilter) {
  account { auditLog(first: $first, after: $after, filter: $filter) {
    edges { cursor node {
      id action occurredAt granted code purpose managementKeyId transactionKeyId affectedManagementKeyId address sequence hash
    } }
    pageInfo { hasNextPage hasPreviousPage endCursor }
  } } }`

/** One page of an account's audit log. */
export async function auditPage(
  url: string,
  key: RawKey,
  variables: { readonly first?: number; readonly after?: string; readonly filter?: object } = {},
): Promise<{ entries: AuditEntry[]; cursors: unknown[]; pageInfo: unknown }> {
  const data = await succeed(url, key, { query, variables: { first: 100, ...variables } })
  const log = pick(data, 'account', 'auditLog')
  return {
    entries: z.array(auditEntry).parse(pickEach(pick(log, 'edges'), 'node')),
    cursors: pickEach(pick(log, 'edges'), 'cursor'),
    pageInfo: pick(log, 'pageInfo'),
  }
}

/** The newest 100 entries of an account's audit log, oldest first. */
export async function auditEntriesOf(url: string, key: RawKey): Promise<AuditEntry[]> {
  return (await auditPage(url, key)).entries.toReversed()
}

/** The hash of an entry, as docs/audit-log.md specifies it: sorted members, and no others, without white space. */
export function hashOf({ hash: _hash, ...entry }: AuditEntry, previousHash: string): string {
  const members = Object.entries({ ...entry, previousHash }).sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256')
    .update(JSON.stringify(Object.fromEntries(members)))
    .digest('hex')
}
