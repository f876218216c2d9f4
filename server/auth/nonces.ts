import type postgres from 'postgres'
import { z } from 'zod'
import { KeyServerError, signatureRefused } from '../../schema/wire/errors.ts'
import { limits } from '../../schema/wire/limits.ts'
import type { Databases } from '../database/connect.ts'
import type { Principal, SignatureNonce } from './principal.ts'

/** The database's refusals of a nonce. */
export const nonceRefusals = [
  'SIGNATURE_INVALID',
  'SIGNATURE_EXPIRED',
  'SIGNATURE_REPLAYED',
  'NONCES_FORGOTTEN',
] as const

const nonceOutcome = z.enum(['GRANTED', ...nonceRefusals])

/** The database's answer when a nonce is to be consumed. */
export type NonceOutcome = z.infer<typeof nonceOutcome>

/** Whether an outcome refuses the signature itself, and not what the request asks for. */
export function isNonceRefusal(outcome: string): outcome is (typeof nonceRefusals)[number] {
  return nonceRefusals.some((refusal) => refusal === outcome)
}

const outcomeRow = z.object({ outcome: nonceOutcome })
const consumptionRow = z.object({ outcome: nonceOutcome, now: z.date() })

/**
 * Parses the row of a statement that consumes a nonce in a transaction, and reads the database's clock.
 *
 * @throws {ZodError} for anything else: nothing is granted then
 */
export function parseConsumption(row: unknown): { readonly outcome: NonceOutcome; readonly now: Date } {
  return consumptionRow.parse(row)
}

/** Consumes a nonce by itself: in one statement that also checks that the key is active, and the time. */
export async function consumeNonce(
  sql: postgres.Sql,
  { kind, principalId, keyId }: Principal,
  { nonce, created, expires }: SignatureNonce,
): Promise<NonceOutcome> {
  const [row] =
    kind === 'ACCOUNT'
      ? await sql`
          SELECT consume_management_key_nonce(${principalId}, ${keyId}, ${nonce}, ${created}, ${expires}) AS outcome`
      : await sql`
          SELECT consume_application_server_nonce(${principalId}, ${keyId}, ${nonce}, ${created}, ${expires}) AS outcome`
  return outcomeRow.parse(row).outcome
}

const activityRow = z.object({ is_active: z.boolean() })

/** Whether a key whose nonce was consumed before is still active. */
export async function isActive(
  sql: postgres.Sql,
  { kind, principalId, keyId }: Principal,
): Promise<NonceOutcome> {
  const [row] =
    kind === 'ACCOUNT'
      ? await sql`SELECT is_active_management_key(${principalId}, ${keyId}) AS is_active`
      : await sql`SELECT is_active_application_server_key(${principalId}, ${keyId}) AS is_active`
  return activityRow.parse(row).is_active ? 'GRANTED' : 'SIGNATURE_INVALID'
}

/**
 * Turns an outcome of the database functions into a refusal.
 *
 * @throws {KeyServerError} UNAUTHENTICATED; UNAVAILABLE when the database cannot tell whether the nonce is new
 */
export async function assertGranted(outcome: NonceOutcome, { reads }: Databases): Promise<void> {
  if (outcome === 'GRANTED') return
  if (outcome === 'NONCES_FORGOTTEN') throw await noncesForgotten(reads.sql)
  if (outcome !== 'SIGNATURE_EXPIRED') throw signatureRefused(outcome)
  const [row] = await reads.sql<{ now: Date }[]>`SELECT clock_timestamp() AS now`
  throw signatureRefused(outcome, row && { serverTime: row.now })
}

async function noncesForgotten(sql: postgres.Sql): Promise<KeyServerError> {
  const [row] = await sql<{ seconds: number }[]>`
    SELECT ceil(extract(epoch FROM expires_at - clock_timestamp()))::int AS seconds FROM forgotten_nonces`
  const retryAfterSeconds = Math.max(1, (row?.seconds ?? 0) - limits.signatureLifetimeSecondsMax)
  return new KeyServerError(
    'UNAVAILABLE',
    'The key server cannot tell whether this request is new: its clock was set back, or its database restored.',
    { retryAfterSeconds },
  )
}
