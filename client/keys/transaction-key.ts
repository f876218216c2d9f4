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

/** A transaction key as the key server describes it, and what is to be thought of that. Reading it is not a use. */
export interface TransactionKey extends DescribedTransactionKey {
  /**
   * Null: the owner's certificate says the same, as far as it goes: id, application server, public key, term and limits.
   * Otherwise the code of the VaultError with which the key would be refused if it were to be used.
   */
  readonly trustError: TrustErrorCode | null
}

/** A transaction key as the key server describes it. Nothing of it is to be believed. */
export interface DescribedTransactionKey {
  /** UUID. */
  readonly id: string
  readonly applicationServer: string
  readonly label: string | null
  /** Null for a symmetric key. */
  readonly publicKey: PublicJwk | null
  /** RFC 7638 thumbprint of `publicKey`, computed here. */
  readonly thumbprint: string | null
  /** By the key server's clock at the moment of reading. */
  readonly state: TransactionKeyState
  readonly notBefore: Date | null
  readonly expiresAt: Date | null
  /** Seconds before `expiresAt` at which an alert is raised, largest first. */
  readonly expiryNotices: readonly number[]
  readonly maxUses: number | null
  /** Counted acquisitions that were granted. */
  readonly useCount: number
  /** Acquisitions refused under the overuse policy REFUSE. */
  readonly refusedCount: number
  readonly overusePolicy: OverusePolicy
  readonly lastUsedAt: Date | null
  readonly createdAt: Date
  readonly revokedAt: Date | null
  readonly revocationReason: RevocationReason | null
  /** Ids of the management keys that hold a wrapped copy. */
  readonly wrappedFor: readonly string[]
  /** The owner's own description: a JWS `claviger-key+jwt`. Null when the client that stored the key sent none. */
  readonly certificate: string | null
  /** The owner's own revocation: a JWS `claviger-revocation+jwt`. Null when the client that revoked the key sent none. */
  readonly revocation: string | null
}

/** The key that an answer must be about. */
export interface AskedKey {
  readonly id: string
  /** Absent: it was asked for by its id alone. */
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

/** Adds what is to be thought of a description. */
export async function withTrustError(
  { trust }: Pick<Session, 'trust'>,
  described: DescribedTransactionKey,
): Promise<TransactionKey> {
  return { ...described, trustError: await trust.findTrustError(described) }
}

/**
 * The description of a key that this device has just certified: then there is nothing to doubt.
 *
 * @throws {VaultError} KEY_MISMATCH, and what `assertCertified` throws.
 */
export async function withoutTrustError(
  { trust }: Pick<Session, 'trust'>,
  described: DescribedTransactionKey,
  asked: AskedKey,
): Promise<TransactionKey> {
  assertAsked(described, asked)
  await trust.assertCertified(described)
  return { ...described, trustError: null }
}

/** @throws {VaultError} KEY_MISMATCH when an answer is about another key. */
export function assertAsked({ id, applicationServer }: DescribedTransactionKey, asked: AskedKey): void {
  // A UUID may be answered in lower case.
  const isAsked =
    id.toLowerCase() === asked.id.toLowerCase() &&
    (asked.applicationServer === undefined || asked.applicationServer === applicationServer)
  if (!isAsked) throw new VaultError('KEY_MISMATCH')
}
