import { customType, timestamp, uuid } from 'drizzle-orm/pg-core'

/** An instant to the millisecond, as the API shows it, so that what was written equals what is read. */
export function instant(name: string) {
  return timestamp(name, { precision: 3, withTimezone: true, mode: 'date' })
}

/**
 * The account that a row belongs to. It stands first in every primary key, so that the data can be spread over machines
 * by account and every hot statement touches one account.
 */
export function accountIdColumn() {
  return uuid('account_id').notNull()
}

export const bytes = customType<{ data: Uint8Array; driverData: Uint8Array }>({ dataType: () => 'bytea' })
