import type postgres from 'postgres'

export interface Fill {
  readonly accounts: number
  readonly keys: number
  /** When the first term ends, in seconds from now, and how many seconds lie between the first and the last. */
  readonly expiresInSeconds: number
  readonly spreadSeconds: number
}

/**
 * Fills a database with keys that have a term and no notices, by SQL alone. The ids are md5 of a number: of account n
 * `md5('account' || n)::uuid`, of key n `md5('key' || n)::uuid`; key n belongs to account n modulo their number.
 *
 * The foreign keys are checked once at the end and not row by row, which halves the time.
 */
export async function fillKeys(sql: postgres.Sql, fill: Fill): Promise<void> {
  const { accounts, keys, expiresInSeconds, spreadSeconds } = fill
  await sql`SET synchronous_commit = off`
  for (const [table, constraint] of foreignKeys) {
    await sql`ALTER TABLE ${sql(table)} DROP CONSTRAINT ${sql(constraint)}`
  }
  await sql`
    INSERT INTO accounts (id, name)
    SELECT md5('account' || n)::uuid, 'owner-' || n FROM generate_series(0, ${accounts - 1}::integer) AS n`
  await sql`
    INSERT INTO transaction_keys (account_id, id, application_server, thumbprint, expires_at, expiry_notices,
      has_default_notices, content_hash)
    SELECT md5('account' || n % ${accounts})::uuid, md5('key' || n)::uuid, 'https://shop.example', md5('thumbprint' || n),
      now() + make_interval(secs => ${expiresInSeconds} + ${spreadSeconds}::float8 * n / ${keys}), '{}', false, ''
    FROM generate_series(0, ${keys - 1}::integer) AS n`
  await sql`
    INSERT INTO transaction_key_usage (account_id, transaction_key_id, overuse_policy)
    SELECT account_id, id, 'NOTIFY' FROM transaction_keys`
  await sql`
    INSERT INTO deadlines (account_id, transaction_key_id, notice_seconds, due_at, expires_at)
    SELECT account_id, id, 0, expires_at, expires_at FROM transaction_keys`
  for (const [table, constraint, columns] of foreignKeys) {
    await sql`
      ALTER TABLE ${sql(table)} ADD CONSTRAINT ${sql(constraint)} ${sql.unsafe(columns)}`
  }
  await sql`ANALYZE`
  await sql`RESET synchronous_commit`
}

const toTransactionKeys = `FOREIGN KEY (account_id, transaction_key_id) REFERENCES transaction_keys (account_id, id)`
const foreignKeys = [
  [
    'transaction_keys',
    'transaction_keys_account_id_accounts_id_fk',
    'FOREIGN KEY (account_id) REFERENCES accounts (id)',
  ],
  [
    'transaction_key_usage',
    'transaction_key_usage_account_id_transaction_key_id_transaction_keys_account_id_id_fk',
    toTransactionKeys,
  ],
  ['deadlines', 'deadlines_account_id_transaction_key_id_transaction_keys_account_id_id_fk', toTransactionKeys],
] as const
