import { badInput } from '../../schema/wire/errors.ts'
import {
  parseStatement,
  type KeyRevocation,
  type ManagementKeyRevocation,
} from '../../schema/wire/statements/statement.ts'
import type { SignedTransaction } from './signed-request.ts'
import { parseInput, statementOf } from '../lib/input.ts'
import { selectActiveSigner } from './active-signer.ts'
import { assertSignedBy, untrueClaim, type ReceivedStatement } from './received-statement.ts'
import type { RevocationReason } from '../../schema/wire/enums.ts'

const field = 'revocation'
const revocationInput = statementOf('claviger-revocation+jwt')

/** A revocation as a client sent it. */
export type ReceivedRevocation = ReceivedStatement<'claviger-revocation+jwt'>

/** The facts about a transaction key that a revocation states, as the server stores them. */
export interface RevokedFacts {
  readonly id: string
  readonly applicationServer: string
  /** RFC 7638 thumbprint of the public key; null for a symmetric key. */
  readonly thumbprint: string | null
  /** JWS. */
  readonly certificate: string | null
  readonly reason: RevocationReason
}

/** @throws {KeyServerError} BAD_USER_INPUT at `revocation` */
export function parseRevocation(compact: unknown): ReceivedRevocation | null {
  return compact === null || compact === undefined ? null : parseInput(revocationInput, compact, field)
}

/**
 * Checks a transaction key's revocation before it is stored: an active management key of the account signed it, and each
 * of its claims matches what the server stores.
 *
 * @throws {KeyServerError} BAD_USER_INPUT at `revocation`
 */
export async function assertKeyRevocation(
  signed: SignedTransaction,
  revocation: ReceivedRevocation,
  facts: RevokedFacts,
): Promise<void> {
  const { payload } = revocation
  if ('sub' in payload) throw badInput(field, 'This is the revocation of a management key.')
  await assertSigned(signed, revocation)
  const mismatched = firstMismatchedClaim(payload, facts)
  if (mismatched !== null) throw untrueClaim(field, mismatched)
}

/**
 * As {@link assertKeyRevocation}, for the revocation of the management key `id`, which another management key signs.
 *
 * @throws {KeyServerError} BAD_USER_INPUT at `revocation`
 */
export async function assertManagementKeyRevocation(
  signed: SignedTransaction,
  revocation: ReceivedRevocation,
  id: string,
): Promise<void> {
  const { kid, payload } = revocation
  if (!isManagementKeyRevocation(payload))
    throw badInput(field, 'This is the revocation of a transaction key.')
  if (kid === id) throw badInput(field, 'Another management key signs the revocation of this one.')
  await assertSigned(signed, revocation)
  if (payload.sub !== id) throw untrueClaim(field, 'sub')
}

async function assertSigned(signed: SignedTransaction, revocation: ReceivedRevocation): Promise<void> {
  const signer = await selectActiveSigner(signed, revocation.kid)
  if (signer === null) {
    throw badInput(field, 'A revocation is signed by an active management key of the account.')
  }
  const { owner, signingKey } = signer
  await assertSignedBy(revocation, { signingKey, now: signed.now, field })
  if (revocation.payload.iss !== owner) throw untrueClaim(field, 'iss')
}

/** The name of the first claim that does not match the facts; null when all match. `iss` is not compared here. */
function firstMismatchedClaim(revocation: KeyRevocation, facts: RevokedFacts): string | null {
  const thumbprint = facts.thumbprint ?? certifiedThumbprint(facts.certificate)
  const comparisons: Readonly<Record<string, boolean>> = {
    jti: revocation.jti === facts.id,
    aud: revocation.aud === facts.applicationServer,
    // Only the owner knows the thumbprint of a symmetric key that has no certificate.
    jkt: thumbprint === null || revocation.jkt === thumbprint,
    reason: revocation.reason === facts.reason,
  }
  return Object.keys(comparisons).find((claim) => comparisons[claim] === false) ?? null
}

/** The thumbprint of a symmetric key, from its certificate. */
function certifiedThumbprint(certificate: string | null): string | null {
  if (certificate === null) return null
  const { cnf } = parseStatement('claviger-key+jwt', certificate).payload
  return 'jkt' in cnf ? cnf.jkt : null
}

function isManagementKeyRevocation(
  payload: KeyRevocation | ManagementKeyRevocation,
): payload is ManagementKeyRevocation {
  return 'sub' in payload
}
