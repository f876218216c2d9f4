import { limits } from '../../schema/wire/limits.ts'
import type { Databases } from './connect.ts'

/** Rows that one statement removes, so that no lock is held for long. */
const batchMax = 5000
/** How long a nonce is kept after its signature's window has closed, should the database's clock be set back. */
const nonceMarginMinutes = 5

/**
 * Removes what nobody will ask for again: nonces whose window has closed, remembered acquisitions, mismatches that may be
 * alerted again, and the server's own keys a day after they were retired.
 *
 * @returns whether there may be more of them
 */
export async function pruneExpired({ writes }: Databases): Promise<boolean> {
  const nonces = await writes.sql`
    DELETE FROM nonces WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM nonces
      WHERE expires_at < clock_timestamp() - make_interval(mins => ${nonceMarginMinutes})
      LIMIT ${batchMax}))`
  const acquisitions = await writes.sql`
    DELETE FROM acquisitions WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM acquisitions
      WHERE acquired_at < clock_timestamp() - make_interval(hours => ${limits.acquisitionIdHours})
      LIMIT ${batchMax}))`
  // Few rows by design: some for each owner and hour, and one for each rotation.
  await writes.sql`DELETE FROM mismatches WHERE alerted_at < clock_timestamp() - interval '1 hour'`
  await writes.sql`DELETE FROM server_keys WHERE retired_at < clock_timestamp() - interval '1 day'`
  return nonces.count === batchMax || acquisitions.count === batchMax
}
