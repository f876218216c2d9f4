import { bigint, boolean, pgTable } from 'drizzle-orm/pg-core'
import { instant } from './columns.ts'

/**
 * Readings of the database's clock, each with the time that servers had measured by then on monotonic clocks.
 * Only the last minutes of it are kept. Written by the database function `sight_clock`, read by `settled_clock`.
 */
export const clockSightings = pgTable('clock_sightings', {
  /** Milliseconds that were measured since the first sighting. Time that no server measured does not count. */
  elapsedMs: bigint('elapsed_ms', { mode: 'number' }).primaryKey(),
  /** The earliest that the clock showed at this count. */
  clock: instant('clock').notNull(),
})

/** One row, once a nonce was removed: no signature that ends then or before is accepted, whatever the clock shows. */
export const forgottenNonces = pgTable('forgotten_nonces', {
  id: boolean('id').primaryKey().default(true),
  /** The latest end of a signature whose nonce was removed. It never goes back. */
  expiresAt: instant('expires_at').notNull(),
})
