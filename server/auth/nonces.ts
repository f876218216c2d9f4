import type postgres from 'postgres'
import { KeyServerError, signatureRefused, type SignatureRefusal } from '../../schema/wire/errors.ts'
import { limits } from '../../schema/wire/limits.ts'
import type { Databases } from '../database/connect.ts'
import type { Principal, SignatureNonce } from './principal.ts'

/** What the database says of a signature when its nonce is to be consumed. */
export type NonceOutcome = 'GRANTED' | 'NONCES_FORGOTTEN' | SignatureRefusal

/** Whether an outcome is about the signature itself, and not about what it asks for. */
export function isNonceOutcome(outcome: string): boolean {
  return outcome.startsWith('SIGNATURE_') || outcome === 'NONCES_FORGOTTEN'
}

/** Consumes a nonce by itself: in one statement that also checks that the key is active, and the time. */
export async function consumeNonce(
  sql: postgres.Sql,
  { kind, principalId, keyId }: Principal,
  { nonce, created, expires }: SignatureNonce,
): Promise<string | undefined> {
  const [row] =
    kind === 'ACCOUNT'
      ? await sql<{ outcome: string }[]>`
          SELECT consume_management_key_nonce(${principalId}, ${keyId}, ${nonce}, ${created}, ${expires}) AS outcome`
      : await sql<{ outcome: string }[]>`
          SELECT consume_application_server_nonce(${principalId}, ${keyId}, ${nonce}, ${created}, ${expires})
            AS outcome`
  return row?.outcome
}

/** Whether a key whose nonce was consumed before is still active. */
export async function isActive(
  sql: postgres.Sql,
  { kind, principalId, keyId }: Principal,
): Promise<NonceOutcome> {
  const [row] =
    kind === 'ACCOUNT'
      ? await sql<
          { is_active: boolean }[]
        >`SELECT is_active_management_key(${principalId}, ${keyId}) AS is_active`
      : await sql<{ is_active: boolean }[]>`
          SELECT is_active_application_server_key(${principalId}, ${keyId}) AS is_active`
  return row?.is_active === true ? 'GRANTED' : 'SIGNATURE_INVALID'
}

/**
 * Turns an outcome of the database functions into a refusal.
 *
 * @throws {KeyServerError} UNAUTHENTICATED; UNAVAILABLE when a signature cannot be told from a replay
 */
export async function assertGranted(outcome: string | undefined, { reads }: Databases): Promise<void> {
  if (outcome === 'GRANTED') return
  if (outcome === 'SIGNATURE_INVALID' || outcome === 'SIGNATURE_REPLAYED') throw signatureRefused(outcome)
  if (outcome === 'SIGNATURE_EXPIRED') {
    const [row] = await reads.sql<{ now: Date }[]>`SELECT clock_timestamp() AS now`
    throw signatureRefused(outcome, row && { serverTime: row.now })
  }
  if (outcome === 'NONCES_FORGOTTEN') throw await noncesForgotten(reads.sql)
  throw new TypeError('The database answered for a nonce with an unknown outcome.')
}

async function noncesForgotten(sql: postgres.Sql): Promise<KeyServerError> {
  const [row] = await sql<{ seconds: number }[]>`
    SELECT ceil(extract(epoch FROM expires_at - clock_timestamp()))::int AS seconds FROM forgotten_nonces`
  const retryAfterSeconds = Math.max(1, (row?.seconds ?? 0) - limits.signatureLifetimeSecondsMax)
  return new KeyServerError(
    'UNAVAILABLE',
    "The key server's clock was set back, to a time of which it no longer knows the signatures.",
    { retryAfterSeconds },
  )
}
