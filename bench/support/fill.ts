import type postgres from 'postgres'

export interface Fill {
  readonly accounts: number
  readonly keys: number
  /** When the first term ends, in seconds from now. */
  readonly expiresInSeconds: number
  /** Between the first end of a term and the last. */
  readonly spreadSeconds: number
}

/** The id of the nth account, and of the nth key, in the sense of SQL: `n` stands for an expression. */
const idOf = (kind: 'account' | 'key', n: string): string =>
  `('${kind === 'key' ? '00000000-0000-4000-9' : '00000000-0000-4000-8'}000-' || lpad(to_hex(${n}), 12, '0'))::uuid`

/**
 * Fills a database with keys that have a term and no notices, by SQL alone: neighbours belong to one account and expire one
 * after the other. Foreign keys are dropped meanwhile and left unchecked for these rows, which halves the time.
 */
export async function fillKeys(sql: postgres.Sql, fill: Fill): Promise<void> {
  const { accounts, keys, expiresInSeconds, spreadSeconds } = fill
  await sql.begin(async (tx) => {
    await tx`SET LOCAL synchronous_commit = off`
    for (const [table, constraint] of foreignKeys) {
      await tx`ALTER TABLE ${tx(table)} DROP CONSTRAINT ${tx(constraint)}`
    }
    await tx.unsafe(
      `INSERT INTO accounts (id, name)
       SELECT ${idOf('account', 'n')}, 'owner-' || n FROM generate_series(0, $1::integer) AS n`,
      [accounts - 1],
    )
    await tx.unsafe(
      `INSERT INTO transaction_keys (account_id, id, application_server, thumbprint, expires_at, expiry_notices,
         has_default_notices, content_hash)
       SELECT ${idOf('account', 'n * $1::bigint / $2::bigint')}, ${idOf('key', 'n')}, 'https://shop.example',
         'thumbprint ' || n, now() + make_interval(secs => $3::float8 + $4::float8 * n / $2), '{}', false, ''
       FROM generate_series(0, $2::bigint - 1) AS n`,
      [accounts, keys, expiresInSeconds, spreadSeconds],
    )
    await tx`
      INSERT INTO transaction_key_usage (account_id, transaction_key_id, overuse_policy)
      SELECT account_id, id, 'NOTIFY' FROM transaction_keys`
    await tx`
      INSERT INTO deadlines (account_id, transaction_key_id, notice_seconds, due_at, expires_at)
      SELECT account_id, id, 0, expires_at, expires_at FROM transaction_keys`
    for (const [table, constraint, columns] of foreignKeys) {
      await tx`ALTER TABLE ${tx(table)} ADD CONSTRAINT ${tx(constraint)} ${tx.unsafe(columns)} NOT VALID`
    }
  })
  // Otherwise autovacuum would do it a minute later, while something is measured.
  await sql`VACUUM ANALYZE`
}

const toTransactionKeys = `FOREIGN KEY (account_id, transaction_key_id) REFERENCES transaction_keys (account_id, id)`

/** PostgreSQL cuts the names to 63 bytes. */
const foreignKeys = [
  [
    'transaction_keys',
    'transaction_keys_account_id_accounts_id_fk',
    'FOREIGN KEY (account_id) REFERENCES accounts (id)',
  ],
  [
    'transaction_key_usage',
    'transaction_key_usage_account_id_transaction_key_id_transaction',
    toTransactionKeys,
  ],
  ['deadlines', 'deadlines_account_id_transaction_key_id_transaction_keys_accoun', toTransactionKeys],
] as const
