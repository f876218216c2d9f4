/**
 * The plain statements of the peers on the key server's own tables: an indexed read, an acquisition that consumes a nonce,
 * counts and reads the wrapped key, and an insertion. They raise no alerts, record nothing, and know no revocation or term.
 */
import { randomUUID } from 'node:crypto'
import type postgres from 'postgres'
import { parsePublicJwkForm } from '../../schema/wire/keys/jwk.ts'
import { accountIdOf } from '../../server/lib/account-id.ts'
import { thumbprintOf } from '../../server/lib/thumbprint-of.ts'
import type { Signer } from './signatures.ts'

export interface VerifyInput {
  readonly owner: string
  readonly applicationServer: string
  readonly publicKey?: unknown
}

export interface StoreInput {
  readonly id: string
  readonly applicationServer: string
  readonly publicKey: unknown
  readonly wrappedKeys: readonly { readonly managementKeyId: string; readonly jwe: string }[]
}

/** The key that a verification looks for. */
export function questionOf({ owner, applicationServer, publicKey }: VerifyInput) {
  return {
    accountId: accountIdOf(owner),
    applicationServer,
    thumbprint: thumbprintOf(parsePublicJwkForm(publicKey)),
  }
}

export interface VerifyRow {
  readonly revoked_at: Date | null
  readonly not_before: Date | null
  readonly expires_at: Date | null
  readonly certificate: string | null
}

/** A verification's answer in the form of the API. */
export function answerOf(row: VerifyRow | undefined) {
  const now = Date.now()
  const valid =
    row?.revoked_at === null &&
    (row.not_before === null || row.not_before.getTime() <= now) &&
    (row.expires_at === null || row.expires_at.getTime() > now)
  return {
    coincides: row !== undefined,
    valid,
    state: row === undefined ? null : valid ? 'ACTIVE' : 'EXPIRED',
    certificate: row?.certificate ?? null,
  }
}

export async function selectKey(sql: postgres.Sql, input: VerifyInput): Promise<VerifyRow | undefined> {
  const { accountId, applicationServer, thumbprint } = questionOf(input)
  const [row] = await sql<VerifyRow[]>`
    SELECT u.revoked_at, k.not_before, k.expires_at, k.certificate
    FROM transaction_keys k
    JOIN transaction_key_usage u ON u.account_id = k.account_id AND u.transaction_key_id = k.id
    WHERE k.account_id = ${accountId} AND k.application_server = ${applicationServer} AND k.thumbprint = ${thumbprint}`
  return row
}

/** All of them by one statement, in their order. */
export async function selectKeys(
  sql: postgres.Sql,
  inputs: readonly VerifyInput[],
): Promise<(VerifyRow | undefined)[]> {
  const questions = inputs.map(questionOf)
  const rows = await sql<(VerifyRow & { id: string | null })[]>`
    SELECT k.id, u.revoked_at, k.not_before, k.expires_at, k.certificate
    FROM unnest(
      ${questions.map(({ accountId }) => accountId)}::uuid[],
      ${questions.map(({ applicationServer }) => applicationServer)}::text[],
      ${questions.map(({ thumbprint }) => thumbprint)}::text[]
    ) WITH ORDINALITY AS asked (account_id, application_server, thumbprint, place)
    LEFT JOIN transaction_keys k ON k.account_id = asked.account_id
      AND k.application_server = asked.application_server AND k.thumbprint = asked.thumbprint
    LEFT JOIN transaction_key_usage u ON u.account_id = k.account_id AND u.transaction_key_id = k.id
    ORDER BY asked.place`
  return rows.map((row) => (row.id === null ? undefined : row))
}

export interface Acquisition {
  readonly signer: Signer
  readonly transactionKeyId: string
}

/** One acquisition by one statement. @returns the JWE; undefined when it is refused */
export async function acquire(
  sql: postgres.Sql,
  { signer, transactionKeyId }: Acquisition,
): Promise<string | undefined> {
  const { accountId, managementKeyId, nonce, expires } = signer
  const [row] = await sql<{ jwe: string }[]>`
    WITH consumed AS (
      INSERT INTO nonces (principal_id, key_id, nonce, expires_at)
      VALUES (${accountId}, ${managementKeyId}, ${nonce}, to_timestamp(${expires}::bigint))
      ON CONFLICT DO NOTHING RETURNING 1
    ), used AS (
      UPDATE transaction_key_usage SET use_count = use_count + 1, last_used_at = now()
      WHERE account_id = ${accountId} AND transaction_key_id = ${transactionKeyId} AND EXISTS (SELECT FROM consumed)
        AND (max_uses IS NULL OR use_count < max_uses)
      RETURNING transaction_key_id
    )
    SELECT w.jwe FROM used JOIN wrapped_keys w ON w.account_id = ${accountId}
      AND w.transaction_key_id = used.transaction_key_id AND w.management_key_id = ${managementKeyId}`
  return row?.jwe
}

/** A group commit: all of them by one statement. A nonce that comes twice in it is one of the caller's to drop. */
export async function acquireAll(
  sql: postgres.Sql,
  all: readonly Acquisition[],
): Promise<(string | undefined)[]> {
  const rows = await sql<{ place: string; jwe: string }[]>`
    WITH asked AS (
      SELECT * FROM unnest(
        ${all.map(({ signer }) => signer.accountId)}::uuid[],
        ${all.map(({ signer }) => signer.managementKeyId)}::text[],
        ${all.map(({ signer }) => signer.nonce)}::text[],
        ${all.map(({ signer }) => String(signer.expires))}::text[],
        ${all.map(({ transactionKeyId }) => transactionKeyId)}::uuid[]
      ) WITH ORDINALITY AS asked (account_id, management_key_id, nonce, expires, transaction_key_id, place)
    ), consumed AS (
      INSERT INTO nonces (principal_id, key_id, nonce, expires_at)
      SELECT account_id, management_key_id, nonce, to_timestamp(expires::bigint) FROM asked
      ON CONFLICT DO NOTHING RETURNING principal_id, key_id, nonce
    ), granted AS (
      SELECT asked.* FROM asked JOIN consumed ON consumed.principal_id = asked.account_id
        AND consumed.key_id = asked.management_key_id AND consumed.nonce = asked.nonce
    ), used AS (
      UPDATE transaction_key_usage u SET use_count = use_count + counted.uses, last_used_at = now()
      FROM (SELECT account_id, transaction_key_id, count(*)::integer AS uses FROM granted GROUP BY 1, 2
            ORDER BY 1, 2) AS counted
      WHERE u.account_id = counted.account_id AND u.transaction_key_id = counted.transaction_key_id
    )
    SELECT granted.place, w.jwe FROM granted JOIN wrapped_keys w ON w.account_id = granted.account_id
      AND w.transaction_key_id = granted.transaction_key_id AND w.management_key_id = granted.management_key_id`
  const byPlace = new Map(rows.map(({ place, jwe }) => [Number(place), jwe]))
  return all.map((_one, index) => byPlace.get(index + 1))
}

/** Stores a key with its counter and its wrapped key by one statement. */
export async function store(
  sql: postgres.Sql,
  { accountId, input }: { readonly accountId: string; readonly input: StoreInput },
): Promise<void> {
  const { id, applicationServer, publicKey, wrappedKeys } = input
  const [wrapped] = wrappedKeys
  await sql`
    WITH stored AS (
      INSERT INTO transaction_keys (account_id, id, application_server, public_key, thumbprint, expiry_notices,
        has_default_notices, content_hash)
      VALUES (${accountId}, ${id}, ${applicationServer}, ${JSON.stringify(publicKey)}::text::jsonb,
        ${thumbprintOf(parsePublicJwkForm(publicKey))}, '{}', true, '')
    ), counted AS (
      INSERT INTO transaction_key_usage (account_id, transaction_key_id, overuse_policy) VALUES (${accountId}, ${id}, 'NOTIFY')
    )
    INSERT INTO wrapped_keys (account_id, transaction_key_id, management_key_id, jwe)
    VALUES (${accountId}, ${id}, ${wrapped?.managementKeyId ?? randomUUID()}, ${wrapped?.jwe ?? ''})`
}
