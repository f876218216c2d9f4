import { limits } from '../../schema/wire/limits.ts'
import type { Databases } from './connect.ts'

/** Rows that one statement removes, so that no lock is held for long. */
const batchMax = 5000
/** How long a nonce is kept after its signature's window has closed, should the database's clock be set back. */
const nonceMarginMinutes = 5

/**
 * Removes what nobody will ask for again: nonces whose window has closed, and remembered acquisitions.
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
  return nonces.count === batchMax || acquisitions.count === batchMax
}
