import type { AuditAction } from '../../index.ts'
import type { ViewerVault } from '../session/access.ts'

/** Actions done or refused: the key server's word, chained by hashes (docs/audit-log.md). */
export interface AuditEntry {
  readonly id: string
  readonly action: AuditAction
  readonly occurredAt: string
  readonly granted: boolean
  readonly code: string | null
  readonly purpose: string | null
  readonly address: string | null
  readonly managementKeyId: string
  readonly affectedManagementKeyId: string | null
  readonly transactionKeyId: string | null
  /** Null until it is sealed, as `hash`. */
  readonly sequence: number | null
  readonly hash: string | null
  /** For its name. */
  readonly transactionKey: { readonly label: string | null; readonly applicationServer: string } | null
}

export interface AuditFilter {
  readonly actions?: readonly AuditAction[]
  readonly granted?: boolean
  readonly transactionKeyId?: string
  /** RFC 3339. */
  readonly since?: string
}

/** Newest first. */
export interface AuditPage {
  readonly entries: readonly AuditEntry[]
  /** Null on the last page. */
  readonly endCursor: string | null
}

const pageSize = 100

const pageDocument = `query AuditPage($first: Int, $after: String, $filter: AuditFilter) { account {
  auditLog(first: $first, after: $after, filter: $filter) {
    edges { node {
      id action occurredAt granted code purpose address managementKeyId affectedManagementKeyId transactionKeyId
      sequence hash transactionKey { label applicationServer }
    } }
    pageInfo { endCursor hasNextPage }
  }
} }`

interface PageAnswer {
  readonly account: {
    readonly auditLog: {
      readonly edges: readonly { readonly node: AuditEntry }[]
      readonly pageInfo: { readonly endCursor: string | null; readonly hasNextPage: boolean }
    }
  }
}

export async function readAuditPage(
  vault: ViewerVault,
  { filter = {}, after = null }: { readonly filter?: AuditFilter; readonly after?: string | null },
): Promise<AuditPage> {
  const { account } = await vault.graphql<PageAnswer>(pageDocument, { first: pageSize, after, filter })
  const { edges, pageInfo } = account.auditLog
  return {
    entries: edges.map(({ node }) => node),
    endCursor: pageInfo.hasNextPage ? pageInfo.endCursor : null,
  }
}

/** All entries, newest first, page by page. */
export async function* readAuditLog(
  vault: ViewerVault,
  filter: AuditFilter = {},
): AsyncGenerator<AuditEntry, void, undefined> {
  let after: string | null = null
  do {
    const page: AuditPage = await readAuditPage(vault, { filter, after })
    yield* page.entries
    after = page.endCursor
  } while (after !== null)
}
