import type { ViewerVault } from '../session/access.ts'
import { readAuditHead, readAuditLog, type AuditEntry, type AuditHead } from './audit-log.ts'

export type ChainVerdict =
  | { readonly isIntact: true; readonly count: number; readonly head: AuditHead }
  /** The number of the entry that does not fit, or that is missing. */
  | { readonly isIntact: false; readonly sequence: number }

/**
 * Computes the hash of every sealed entry anew, from the newest one back to where the log begins (docs/audit-log.md). Nothing
 * is left out: a filter would leave holes.
 */
export async function verifyAuditChain(
  vault: ViewerVault,
  onProgress: (count: number) => void,
): Promise<ChainVerdict> {
  const head = await readAuditHead(vault)
  let [count, next] = [0, head.sequence]
  let hash = head.hash
  let unchecked: AuditEntry | null = null
  for await (const entry of readAuditLog(vault)) {
    // What was sealed since the head was read is beyond it.
    if (entry.sequence === null || entry.sequence > head.sequence) continue
    if (entry.sequence !== next) return { isIntact: false, sequence: next }
    if (unchecked !== null && !(await isHashOf(unchecked, entry.hash ?? ''))) {
      return { isIntact: false, sequence: next + 1 }
    }
    if (entry.hash !== hash && unchecked === null) return { isIntact: false, sequence: next }
    unchecked = entry
    hash = entry.hash ?? ''
    next -= 1
    count += 1
    if (count % 100 === 0) onProgress(count)
  }
  if (next !== head.prunedSequence) return { isIntact: false, sequence: next }
  if (unchecked !== null && !(await isHashOf(unchecked, head.prunedHash))) {
    return { isIntact: false, sequence: next + 1 }
  }
  return { isIntact: true, count, head }
}

/** The members in RFC 8785's order; there is no other white space and no number but the sequence. */
async function isHashOf(entry: AuditEntry, previousHash: string): Promise<boolean> {
  const { action, address, affectedManagementKeyId, code, granted, id, managementKeyId } = entry
  const { occurredAt, purpose, sequence, transactionKeyId } = entry
  const text = JSON.stringify({
    ...{ action, address, affectedManagementKeyId, code, granted, id, managementKeyId, occurredAt },
    ...{ previousHash, purpose, sequence, transactionKeyId },
  })
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  const hex = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return hex === entry.hash
}
