import type { PublicJwk } from '../../schema/wire/keys/jwk.ts'
import { isPossessionProved } from '../crypto/verify-possession.ts'
import { VaultError } from '../errors.ts'
import type { Session } from '../trust/session.ts'
import { parsePublicKeyOrNull, type ResponseReader } from '../transport/response-reader.ts'
import type { TrustErrorCode } from '../trust/trust.ts'
import {
  overusePolicies,
  revocationReasons,
  transactionKeyStates,
  type OverusePolicy,
  type RevocationReason,
  type TransactionKeyState,
} from '../../schema/wire/enums.ts'

/** A transaction key as the key server describes it, and whether the description is trusted. Reading it is not a use. */
export interface TransactionKey extends DescribedTransactionKey {
  /**
   * Null: the certificate matches the id, application server, public key, term and limits. Otherwise the code of the
   * VaultError that an acquisition of the key would throw.
   */
  readonly trustError: TrustErrorCode | null
  /**
   * The key itself has signed that its holder stored it: `possession` is its statement, for this owner, id and
   * application server.
   */
  readonly isPossessionProved: boolean
}

/** A transaction key as the key server describes it, not verified. */
export interface DescribedTransactionKey {
  /** UUID. */
  readonly id: string
  readonly applicationServer: string
  readonly label: string | null
  /** Null for a symmetric key. */
  readonly publicKey: PublicJwk | null
  /** RFC 7638 thumbprint of `publicKey`, computed here. */
  readonly thumbprint: string | null
  /** By the key server's clock when it was read. */
  readonly state: TransactionKeyState
  readonly notBefore: Date | null
  readonly expiresAt: Date | null
  /** Seconds before `expiresAt` at which an alert is raised, largest first. */
  readonly expiryNotices: readonly number[]
  readonly maxUses: number | null
  /** Counted acquisitions that were granted. */
  readonly useCount: number
  /** Acquisitions that the overuse policy REFUSE refused. */
  readonly refusedCount: number
  readonly overusePolicy: OverusePolicy
  readonly lastUsedAt: Date | null
  readonly createdAt: Date
  readonly revokedAt: Date | null
  readonly revocationReason: RevocationReason | null
  /** Ids of the management keys that it is wrapped for. */
  readonly wrappedFor: readonly string[]
  /** JWS `claviger-key+jwt`. Null when the client that stored the key sent none. */
  readonly certificate: string | null
  /** JWS `claviger-revocation+jwt`. Null when the client that revoked the key sent none. */
  readonly revocation: string | null
  /**
   * JWS `claviger-possession+jwt`, not verified. Null when the client that stored the key sent none, as for a key that
   * cannot sign.
   */
  readonly possession: string | null
}

/** The key that a description must be about. */
export interface ExpectedKey {
  readonly id: string
  /** Absent: only the id is known. */
  readonly applicationServer?: string | undefined
}

export const transactionKeyFields = /* GraphQL */ `
  id applicationServer label publicKey thumbprint state notBefore expiresAt expiryNotices maxUses useCount
  refusedCount overusePolicy lastUsedAt createdAt revokedAt revocationReason wrappedFor { id }
  certificate revocation possession
`

/** @throws {VaultError} ANSWER_MALFORMED; KEY_MISMATCH when the thumbprint is not that of the public key. */
export async function parseTransactionKey(answer: ResponseReader): Promise<DescribedTransactionKey> {
  const { publicKey, thumbprint } = await parsePublicKeyOrNull(answer)
  return {
    id: answer.text('id'),
    applicationServer: answer.text('applicationServer'),
    label: answer.textOrNull('label'),
    publicKey,
    thumbprint,
    state: answer.oneOf('state', transactionKeyStates),
    notBefore: answer.instantOrNull('notBefore'),
    expiresAt: answer.instantOrNull('expiresAt'),
    expiryNotices: answer.integers('expiryNotices'),
    maxUses: answer.integerOrNull('maxUses'),
    useCount: answer.integer('useCount'),
    refusedCount: answer.integer('refusedCount'),
    overusePolicy: answer.oneOf('overusePolicy', overusePolicies),
    lastUsedAt: answer.instantOrNull('lastUsedAt'),
    createdAt: answer.instant('createdAt'),
    revokedAt: answer.instantOrNull('revokedAt'),
    revocationReason: answer.oneOfOrNull('revocationReason', revocationReasons),
    wrappedFor: answer.list('wrappedFor').map((managementKey) => managementKey.text('id')),
    certificate: answer.textOrNull('certificate'),
    revocation: answer.textOrNull('revocation'),
    possession: answer.textOrNull('possession'),
  }
}

/** The parts of a session that verify a description. */
type Verifying = Pick<Session, 'trust' | 'owner' | 'clock'>

/** Adds to a description what this device finds about it. */
export async function withTrustError(
  session: Verifying,
  described: DescribedTransactionKey,
): Promise<TransactionKey> {
  return withPossession(session, {
    ...described,
    trustError: await session.trust.findTrustError(described),
  })
}

/** Adds whether the key's own proof of possession holds. */
export async function withPossession(
  { owner, clock }: Verifying,
  described: Omit<TransactionKey, 'isPossessionProved'>,
): Promise<TransactionKey> {
  const key = { ...described, owner }
  const isProved = await isPossessionProved(described.possession, key, clock.nowSeconds())
  return { ...described, isPossessionProved: isProved }
}

/**
 * The description of a key that this device has just certified, verified.
 *
 * @throws {VaultError} KEY_MISMATCH, and what `assertCertified` throws.
 */
export async function withoutTrustError(
  session: Verifying,
  described: DescribedTransactionKey,
  expected: ExpectedKey,
): Promise<TransactionKey> {
  assertExpected(described, expected)
  await session.trust.assertCertified(described)
  return withPossession(session, { ...described, trustError: null })
}

/** @throws {VaultError} KEY_MISMATCH when a description is about another key. */
export function assertExpected(
  { id, applicationServer }: DescribedTransactionKey,
  expected: ExpectedKey,
): void {
  // The key server answers UUIDs in lower case.
  const isExpected =
    id.toLowerCase() === expected.id.toLowerCase() &&
    (expected.applicationServer === undefined || expected.applicationServer === applicationServer)
  if (!isExpected) throw new VaultError('KEY_MISMATCH')
}
