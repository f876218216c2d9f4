import type { TransactionKey, TransactionKeyState } from '../../index.ts'
import type { ViewerVault } from '../session/access.ts'

/** The keys whose terms end, those that end first at the beginning. */
export interface DueKeys {
  readonly keys: readonly TransactionKey[]
  /** There are more than these, and they end later. */
  readonly isCut: boolean
}

const pageSize = 100
/** A page of the console shows no more in one list. */
const keysMax = 500

/** Reads the keys whose terms will end; those that have ended are among them while they are few. */
export async function readDueKeys(vault: ViewerVault): Promise<DueKeys> {
  const [active, pending, expired] = await Promise.all([
    readEnding(vault, 'ACTIVE'),
    readEnding(vault, 'PENDING'),
    readEnding(vault, 'EXPIRED'),
  ])
  return {
    // Expired ones come with the oldest first: cut, they would say nothing of the last days.
    keys: [...active.keys, ...pending.keys, ...(expired.isCut ? [] : expired.keys)],
    isCut: active.isCut || pending.isCut,
  }
}

async function readEnding(vault: ViewerVault, state: TransactionKeyState): Promise<DueKeys> {
  const keys: TransactionKey[] = []
  let after: string | null = null
  do {
    const page = await vault.keyPage({ first: pageSize, after, state, sort: 'EXPIRING_FIRST' })
    const ending = page.keys.filter(({ expiresAt }) => expiresAt !== null)
    keys.push(...ending)
    // Keys without an end come last.
    after = ending.length < page.keys.length ? null : page.endCursor
  } while (after !== null && keys.length < keysMax)
  return { keys, isCut: after !== null }
}
