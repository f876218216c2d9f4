import type { AuditAction } from '../../schema/wire/enums.ts'
import { limits } from '../../schema/wire/limits.ts'
import type { Operation } from '../transport/graphql.ts'
import { pagesOf, type PageOf, type Pages } from '../transport/pages.ts'
import type { ResponseReader } from '../transport/response-reader.ts'
import type { Session } from '../trust/session.ts'
import { auditEntryFields, parseAuditEntry, type AuditEntry } from './audit-entry.ts'

/** Which entries of the audit log: those that match all members that are given. */
export interface AuditFilter {
  readonly actions?: readonly AuditAction[] | undefined
  readonly transactionKeyId?: string | undefined
  /** The management key that signed the request. */
  readonly managementKeyId?: string | undefined
  readonly granted?: boolean | undefined
  /** Inclusive. */
  readonly since?: Date | undefined
  /** Exclusive. */
  readonly until?: Date | undefined
}

/** Reads the entries that match the filter, newest first. */
export function readAuditLog(session: Session, filter: AuditFilter = {}): Pages<AuditEntry> {
  return pagesOf((after) => session.keyServer.run(auditLog, { first: limits.batchMax, after, filter }))
}

/** The document of a page of entries, for whoever wants other fields of them. Its variables: `first`, `after`, `filter`. */
export function auditPageDocument(fields: string): string {
  return /* GraphQL */ `
    query AuditLog($first: Int!, $after: String, $filter: AuditFilter) {
      account {
        auditLog(first: $first, after: $after, filter: $filter) {
          edges { node { ${fields} } }
          pageInfo { hasNextPage endCursor }
        }
      }
    }
  `
}

/** Reads the answer to {@link auditPageDocument}. */
export function parseAuditPage<T>(data: ResponseReader, parseEntry: (entry: ResponseReader) => T): PageOf<T> {
  const connection = data.object('account').object('auditLog')
  const pageInfo = connection.object('pageInfo')
  return {
    items: connection.list('edges').map((edge) => parseEntry(edge.object('node'))),
    next: pageInfo.boolean('hasNextPage') ? pageInfo.textOrNull('endCursor') : null,
  }
}

const auditLog: Operation<PageOf<AuditEntry>> = {
  kind: 'query',
  document: auditPageDocument(auditEntryFields),
  parse: (data) => parseAuditPage(data, parseAuditEntry),
}
