import { quoteName } from './quote-name.ts'
import type { DatabaseRoute } from './route.ts'

/** How long PostgreSQL lets a statement run, and wait for a lock, in milliseconds. */
export interface DatabaseTimeouts {
  readonly statementMs: number
  readonly lockMs: number
}

const idleInTransactionMs = 15_000

/**
 * The settings that a statement's outcome and plan depend on, or that could end it: a database, a role and a server have
 * defaults of their own for each.
 */
export function transactionSettings(
  { schema, majorVersion, synchronousCommit }: DatabaseRoute,
  { statementMs, lockMs }: DatabaseTimeouts,
): Record<string, string> {
  return {
    // Without pg_temp at its end, temporary tables of whoever had the session before would come first.
    search_path: `${quoteName(schema)}, pg_temp`,
    DateStyle: 'ISO, YMD',
    TimeZone: 'UTC',
    IntervalStyle: 'postgres',
    bytea_output: 'hex',
    extra_float_digits: '1',
    standard_conforming_strings: 'on',
    array_nulls: 'on',
    // Whoever turns it off while the server runs would have it acknowledge what a crash takes away.
    synchronous_commit: synchronousCommit,
    transform_null_equals: 'off',
    // Rows are found one by one and are mostly in memory. With PostgreSQL's 4, made for disks that seek, it scans all accounts
    // instead: among 300,000 keys, 50 look-ups took 1.0 ms instead of 0.5, and more with every account.
    random_page_cost: '1.1',
    statement_timeout: String(statementMs),
    lock_timeout: String(lockMs),
    idle_in_transaction_session_timeout: String(idleInTransactionMs),
    ...(majorVersion >= 17 && { transaction_timeout: '0' }),
  }
}

/** As start-up parameters: these and those that a transaction begins with, for a session that is not shared. */
export function sessionSettings(route: DatabaseRoute, timeouts: DatabaseTimeouts): Record<string, string> {
  return {
    ...transactionSettings(route, timeouts),
    default_transaction_isolation: 'read committed',
    default_transaction_read_only: 'off',
    default_transaction_deferrable: 'off',
    idle_session_timeout: '0',
  }
}

/** The statement that sets them until the end of a transaction, whichever session it runs in. */
export function settingStatement(settings: Record<string, string>): string {
  const calls = Object.entries(settings).map(
    ([name, value]) => `pg_catalog.set_config('${name}', '${value.replaceAll("'", "''")}', true)`,
  )
  return `SELECT ${calls.join(', ')}`
}
