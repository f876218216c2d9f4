import type { AuditHead } from './audit-head.ts'

/** A head that was seen before. */
export interface KnownHead {
  readonly sequence: number
  readonly hash: string
  /** Its entry may have been removed by now, because its retention has ended. Then it is not compared. */
  readonly mayBePruned: boolean
}

/** How a log contradicts a head that was seen before, as the code of a problem; null when it does not. */
export function contradictionOf(
  known: KnownHead,
  {
    head,
    prunedSequence,
    hash,
  }: {
    /** The head that the key server shows now. */
    readonly head: AuditHead
    readonly prunedSequence: number
    /** The hash of the log's entry with the known head's number; undefined when it is not there. */
    readonly hash: string | undefined
  },
): 'TRUNCATED' | 'FORKED' | 'HEAD_PRUNED' | null {
  if (known.sequence > head.sequence) return 'TRUNCATED'
  if (known.sequence < prunedSequence) return known.mayBePruned ? null : 'HEAD_PRUNED'
  return hash === known.hash ? null : 'FORKED'
}
