import { limits } from '../../schema/wire/limits.ts'
import type { Databases } from './connect.ts'

/** What pruning needs of the server's connections. */
export interface PruningDatabases {
  readonly writes: Pick<Databases['writes'], 'sql'>
}

/** Rows that one statement removes, so that no lock is held for long. */
const batchMax = 5000

/**
 * Removes what nobody will ask for again: nonces whose window has closed, remembered acquisitions, mismatches that may be
 * alerted again, and the server's own keys a day after they were retired. All of it only once the clock has settled on
 * that time: a clock that was wrong for some minutes removes nothing.
 *
 * @returns whether there may be more of them
 */
export async function pruneExpired({ writes }: PruningDatabases): Promise<boolean> {
  const [nonces] = await writes.sql<{ removed: number }[]>`SELECT prune_nonces(${batchMax}) AS removed`
  const acquisitions = await writes.sql`
    DELETE FROM acquisitions WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM acquisitions
      WHERE acquired_at < settled_clock() - make_interval(hours => ${limits.acquisitionIdHours})
      LIMIT ${batchMax}))`
  // Few rows by design: some for each owner and hour, and one for each rotation. A mismatch of an hour that lies ahead was
  // alerted while the clock was wrong: it is to silence the next one no longer than an hour.
  await writes.sql`
    DELETE FROM mismatches
    WHERE (alerted_at < settled_clock() - interval '1 hour' AND telling <> 'WAITING') OR alerted_at > clock_timestamp() + interval '1 minute'`
  await writes.sql`DELETE FROM server_keys WHERE retired_at < settled_clock() - interval '1 day'`
  return nonces?.removed === batchMax || acquisitions.count === batchMax
}
