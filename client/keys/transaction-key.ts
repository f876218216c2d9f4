import type { PublicJwk } from '../../schema/wire/keys/jwk.ts'
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
  certificate revocation
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
  }
}

/** Adds its trust error to a description. */
export async function withTrustError(
  { trust }: Pick<Session, 'trust'>,
  described: DescribedTransactionKey,
): Promise<TransactionKey> {
  return { ...described, trustError: await trust.findTrustError(described) }
}

/**
 * The description of a key that this device has just certified, verified.
 *
 * @throws {VaultError} KEY_MISMATCH, and what `assertCertified` throws.
 */
export async function withoutTrustError(
  { trust }: Pick<Session, 'trust'>,
  described: DescribedTransactionKey,
  expected: ExpectedKey,
): Promise<TransactionKey> {
  assertExpected(described, expected)
  await trust.assertCertified(described)
  return { ...described, trustError: null }
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
