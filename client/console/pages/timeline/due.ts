import type { TransactionKey } from '../../../index.ts'

/** A key whose term ends. */
export interface DueKey {
  readonly transactionKey: TransactionKey
  readonly expiresAt: Date
}

/** The keys whose terms end between two moments (milliseconds since 1970), soonest first. Revoked ones have ended. */
export function dueBetween(keys: readonly TransactionKey[], from: number, to: number): readonly DueKey[] {
  return keys
    .flatMap((transactionKey) => {
      const { expiresAt, state } = transactionKey
      const at = expiresAt?.getTime() ?? NaN
      return expiresAt !== null && state !== 'REVOKED' && at >= from && at < to
        ? [{ transactionKey, expiresAt }]
        : []
    })
    .toSorted((a, b) => a.expiresAt.getTime() - b.expiresAt.getTime())
}
