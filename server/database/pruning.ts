import { limits } from '../../schema/wire/limits.ts'
import type { Databases } from './connect.ts'

/** The connections that pruning uses. */
export interface PruningDatabases {
  readonly writes: Pick<Databases['writes'], 'sql'>
}

/** Rows that one statement removes, so that no lock is held for long. */
const batchMax = 5000

/**
 * Removes what nobody will ask for again: nonces whose window has closed, remembered acquisitions, mismatches that may be
 * alerted again. All of it only once the clock has settled on
 * that time: a clock that was wrong for some minutes removes nothing.
 *
 * @returns whether there may be more of them
 */
export async function pruneExpired({ writes }: PruningDatabases): Promise<boolean> {
  const [nonces] = await writes.sql<{ removed: number }[]>`SELECT prune_nonces(${batchMax}) AS removed`
  const [acquisitions] = await writes.sql<{ removed: number }[]>`
    SELECT prune_acquisitions(${limits.acquisitionIdHours}, ${batchMax}) AS removed`
  await writes.sql`SELECT prune_mismatches()`
  return nonces?.removed === batchMax || acquisitions?.removed === batchMax
}

/**
 * Removes the server's own keys a day after they were retired.
 *
 * @returns false: it leaves nothing for another run
 */
export async function pruneServerKeys({ writes }: PruningDatabases): Promise<boolean> {
  await writes.sql`SELECT prune_server_keys()`
  return false
}
