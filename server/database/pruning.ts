import { limits } from '../../schema/wire/limits.ts'
import type { JobDatabases } from './connect.ts'

/** Maximum number of rows that one statement removes, so that no lock is held for long. */
const batchMax = 5000

/**
 * Removes what is no longer needed: nonces of expired signatures, acquisitions that can no longer be repeated, mismatches that
 * may be alerted again. They expire by the settled clock: a clock that is wrong for some minutes removes nothing.
 *
 * @returns whether more may be left
 */
export async function pruneExpired({ writes }: JobDatabases): Promise<boolean> {
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
export async function pruneServerKeys({ writes }: JobDatabases): Promise<boolean> {
  await writes.sql`SELECT prune_server_keys()`
  return false
}
