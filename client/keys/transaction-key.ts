import {
  overusePolicies,
  revocationReasons,
  transactionKeyStates,
  type OverusePolicy,
  type RevocationReason,
  type TransactionKeyState,
} from '../../schema/graphql/domain.ts'
import type { PublicJwk } from '../../schema/wire/jwk.ts'
import { parsePublicKeyOrNull, type Answer } from '../transport/answer.ts'

/** A transaction key as the key server describes it. Reading the description is not a use. */
export interface TransactionKey {
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
}

export const transactionKeyFields = /* GraphQL */ `
  id applicationServer label publicKey thumbprint state notBefore expiresAt expiryNotices maxUses useCount
  refusedCount overusePolicy lastUsedAt createdAt revokedAt revocationReason wrappedFor { id }
`

/** @throws {VaultError} ANSWER_MALFORMED; KEY_MISMATCH when the thumbprint is not that of the public key. */
export async function parseTransactionKey(answer: Answer): Promise<TransactionKey> {
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
  }
}
