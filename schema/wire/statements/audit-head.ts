import { Claims } from './claims.ts'

/** The key server's signed statement of how far an account's audit log has come (docs/audit-log.md). */
export interface AuditHeadStatement {
  readonly v: 1
  /** The key server's public URL. */
  readonly iss: string
  /** The owner's name. */
  readonly sub: string
  /** Unix seconds. */
  readonly iat: number
  /** Number of the newest sealed entry; 0 when there is none. */
  readonly seq: number
  /** Hash of that entry, hex; zeros when there is none. */
  readonly hash: string
  /** Number and hash of the last entry that was removed when its retention ended; 0 and zeros when none was. */
  readonly pruned: { readonly seq: number; readonly hash: string }
}

/** @throws {InvalidStatement} */
export function parseAuditHead(payload: object): AuditHeadStatement {
  const claims = new Claims(payload)
  const pruned = claims.object('pruned')
  const head: AuditHeadStatement = {
    v: claims.version(),
    iss: claims.text('iss'),
    sub: claims.text('sub'),
    iat: claims.time('iat'),
    seq: claims.position('seq'),
    hash: claims.sha256('hash'),
    pruned: { seq: pruned.position('seq'), hash: pruned.sha256('hash') },
  }
  pruned.assertNoOthers()
  claims.assertNoOthers()
  return head
}
