import type postgres from 'postgres'

/**
 * Gives an account many keys by SQL: through the API it would take minutes. They are named `Label 1` and so on, the
 * last one the newest. They have no certificate, so each is shown as not confirmed.
 */
export async function fillAccountKeys(
  sql: postgres.Sql,
  { owner, count }: { readonly owner: string; readonly count: number },
): Promise<void> {
  await sql`
    INSERT INTO transaction_keys
      (account_id, id, application_server, label, expiry_notices, has_default_notices, content_hash, created_at)
    SELECT accounts.id, gen_random_uuid(), 'https://server-' || n || '.example', 'Label ' || n,
      '{}', false, '', now() - make_interval(secs => ${count} - n)
    FROM accounts, generate_series(1, ${count}::integer) AS n WHERE accounts.name = ${owner}`
  await sql`
    INSERT INTO transaction_key_usage (account_id, transaction_key_id, overuse_policy)
    SELECT account_id, transaction_keys.id, 'NOTIFY' FROM transaction_keys
    JOIN accounts ON accounts.id = account_id WHERE accounts.name = ${owner}`
}
