import type { AuditEntry, AuditFilter } from '../../index.ts'
import { auditEntryFields, parseAuditEntry } from '../../audit/audit-entry.ts'
import { auditPageDocument, parseAuditPage } from '../../audit/audit-log.ts'
import { pagesOf, type PageOf } from '../../transport/pages.ts'
import { ResponseReader } from '../../transport/response-reader.ts'
import type { ViewerVault } from '../session/access.ts'

/** An entry with the key that it is about, for its name; null when it is about none, or the key was destroyed. */
export interface NamedAuditEntry extends AuditEntry {
  readonly transactionKey: { readonly label: string | null; readonly applicationServer: string } | null
}

const pageSize = 100
const document = auditPageDocument(`${auditEntryFields} transactionKey { label applicationServer }`)

/** Reads a page of the entries that a filter lets through, newest first. */
export async function readAuditPage(
  vault: ViewerVault,
  { filter, after }: { readonly filter: AuditFilter; readonly after: string | null },
): Promise<PageOf<NamedAuditEntry>> {
  const data = await vault.graphql(document, { first: pageSize, after, filter })
  return parseAuditPage(new ResponseReader(data), parseNamedEntry)
}

/** All entries that a filter lets through, newest first. */
export function readAuditLog(vault: ViewerVault, filter: AuditFilter): Promise<NamedAuditEntry[]> {
  return pagesOf((after) => readAuditPage(vault, { filter, after })).toArray()
}

function parseNamedEntry(answer: ResponseReader): NamedAuditEntry {
  const key = answer.objectOrNull('transactionKey')
  const transactionKey = key && {
    label: key.textOrNull('label'),
    applicationServer: key.text('applicationServer'),
  }
  return { ...parseAuditEntry(answer), transactionKey }
}
