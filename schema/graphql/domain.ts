import type { CursorPosition } from '../wire/cursor.ts'
import type { PublicJwk, SigningJwk, WrappingJwk } from '../wire/keys/jwk.ts'
import type {
  AcquisitionPurpose,
  AuditAction,
  ManagementKeyKind,
  TransactionKeyState,
  RevocationReason,
  OverusePolicy,
  AlertKind,
  ChannelChange,
  ChannelKind,
  ChannelLanguage,
  ProofFailure,
  storedKeyChangeKinds,
  Registration,
} from '../wire/enums.ts'

/*
 * The nouns of the API as the resolvers see them. GraphQL types are declared over these and never over tables, so a
 * new column cannot leak into the API.
 */

export interface Account {
  /** UUID. */
  readonly id: string
  readonly name: string
  readonly createdAt: Date
}

/** An account's use of its quotas, and the quotas. */
export interface AccountUsage {
  /** Those that are not revoked. */
  readonly transactionKeys: number
  readonly transactionKeysMax: number
  /** Those that are not revoked. */
  readonly managementKeys: number
  readonly managementKeysMax: number
  readonly webhooks: number
  readonly webhooksMax: number
  /** Characters of wrapped keys, and of signed statements about transaction keys. */
  readonly storedBytes: number
  readonly storedBytesMax: number
}

export interface ManagementKey {
  readonly accountId: string
  /** RFC 7638 thumbprint of `signingKey`. */
  readonly id: string
  readonly label: string
  readonly kind: ManagementKeyKind
  readonly signingKey: SigningJwk
  readonly wrappingKey: WrappingJwk | null
  /** JWS: the endorsement of the key. Null when its owner sent none. */
  readonly endorsement: string | null
  readonly createdAt: Date
  /** Accurate to a minute: it is not written at every use. */
  readonly lastUsedAt: Date | null
  readonly revokedAt: Date | null
  /** JWS: the signed revocation. Null when the management key that revoked it sent none. */
  readonly revocation: string | null
}

/** The beginning and end of a key's term; null where it is unbounded. */
export interface Term {
  readonly notBefore: Date | null
  readonly expiresAt: Date | null
}

export interface TransactionKey extends Term {
  readonly accountId: string
  /** UUID chosen by the client. */
  readonly id: string
  readonly applicationServer: string
  readonly label: string | null
  /** Null for a symmetric key. */
  readonly publicKey: PublicJwk | null
  readonly thumbprint: string | null
  /** By the database's clock when the key is read. */
  readonly state: TransactionKeyState
  /** Seconds before `expiresAt`, largest first. */
  readonly expiryNotices: readonly number[]
  readonly maxUses: number | null
  readonly useCount: number
  readonly refusedCount: number
  readonly overusePolicy: OverusePolicy
  readonly lastUsedAt: Date | null
  /** JWS: the owner's own description of the key. Null when the owner sent none. */
  readonly certificate: string | null
  /** JWS: the key's own statement that its holder stored it. Null when the client sent none. */
  readonly possession: string | null
  readonly createdAt: Date
  readonly revokedAt: Date | null
  readonly revocationReason: RevocationReason | null
  /** JWS: the owner's own revocation. Null when the owner sent none. */
  readonly revocation: string | null
}

/** A transaction key, wrapped for one management key. */
export interface WrappedKey {
  readonly accountId: string
  readonly transactionKeyId: string
  readonly managementKeyId: string
  /** RFC 7516 compact serialization. */
  readonly jwe: string
}

/** The result of a verification: whether a public key is that owner's. When it is not, everything but `coincides` is null. */
export interface PublicKeyVerification {
  readonly coincides: boolean
  /** `coincides`, and the key is ACTIVE at `checkedAt`. */
  readonly valid: boolean
  readonly state: TransactionKeyState | null
  readonly notBefore: Date | null
  readonly expiresAt: Date | null
  readonly checkedAt: Date
  /** The owner's signed description of the key (JWS), if the owner sent one. */
  readonly certificate: string | null
  /**
   * The certification path (JWS each): the endorsements from the certificate's signer to the account's first management key,
   * then those that only the revocation's signer has. Null without a certificate and a revocation.
   */
  endorsements(): Promise<readonly string[] | null>
  /** JWS: the key's own statement that its holder stored it, if the client sent one. */
  readonly possession: string | null
  /** JWS: the owner's signed revocation. Null unless the key is revoked and they sent one. */
  readonly revocation: string | null
  /** Signs the same facts and returns the JWS. Called only when the field is selected: it costs more than all the rest. */
  answer(): Promise<string>
}

/** An entry of an account's audit log that is sealed. */
export interface AuditEntry {
  readonly accountId: string
  /** UUID. */
  readonly id: string
  readonly action: AuditAction
  readonly occurredAt: Date
  /** The error's code; null where the action was granted. */
  readonly code: string | null
  readonly purpose: AcquisitionPurpose | null
  /** The management key that signed the request. */
  readonly managementKeyId: string
  /** The account may have no such key. */
  readonly transactionKeyId: string | null
  readonly affectedManagementKeyId: string | null
  readonly address: string | null
  /** Counts from 1 in each account, without gaps. */
  readonly sequence: number
  /** Hex SHA-256. */
  readonly hash: string
}

/** How far an account's audit log has come, and from where on it is kept. */
export interface AuditHead {
  /** The newest sealed entry's; 0 when there is none. */
  readonly sequence: number
  /** Hex SHA-256 of that entry; zeros when there is none. */
  readonly hash: string
  /** When it was sealed. */
  readonly sealedAt: Date | null
  /** The number of the last entry that was removed when its retention ended; 0 when none was. */
  readonly prunedSequence: number
  readonly prunedHash: string
  /** Signs the same facts and returns the JWS. */
  statement(): Promise<string>
}

interface AlertFields {
  readonly accountId: string
  /** Counts from 1 in each account, without gaps. The cursor encodes it. */
  readonly position: number
  readonly occurredAt: Date
  readonly acknowledgedAt: Date | null
}

export interface KeyExpiringAlert extends AlertFields {
  readonly kind: 'KEY_EXPIRING'
  readonly transactionKeyId: string
  readonly expiresAt: Date
  readonly noticeSeconds: number
}

export interface KeyExpiredAlert extends AlertFields {
  readonly kind: 'KEY_EXPIRED'
  readonly transactionKeyId: string
  readonly expiresAt: Date
}

export interface KeyOverusedAlert extends AlertFields {
  readonly kind: 'KEY_OVERUSED'
  readonly transactionKeyId: string
  readonly maxUses: number
  /** Uses, or under REFUSE refusals, beyond `maxUses`. */
  readonly excess: number
  readonly refused: boolean
  /** The management key that signed the request. */
  readonly managementKeyId: string
}

export interface KeyRevokedAlert extends AlertFields {
  readonly kind: 'KEY_REVOKED'
  readonly transactionKeyId: string
  readonly reason: RevocationReason
}

export interface PublicKeyMismatchAlert extends AlertFields {
  readonly kind: 'PUBLIC_KEY_MISMATCH'
  readonly applicationServer: string
  /** RFC 7638 thumbprint of the key that was shown. */
  readonly presentedThumbprint: string
  /** Further keys that this alert stands for. */
  readonly furtherKeyCount: number
}

export interface ManagementKeyAlert extends AlertFields {
  readonly kind: 'MANAGEMENT_KEY_ADDED' | 'MANAGEMENT_KEY_REVOKED'
  readonly managementKeyId: string
  /** The management key that added or revoked it. */
  readonly byManagementKeyId: string
}

export interface KeysAlert extends AlertFields {
  readonly kind: 'KEYS_REWRAPPED' | 'KEYS_EXPORTED'
  /** The management key that signed the request. */
  readonly managementKeyId: string
  readonly keyCount: number
}

export interface ChannelChangedAlert extends AlertFields {
  readonly kind: 'CHANNEL_CHANGED'
  readonly channelId: string
  /** Null: a webhook. */
  readonly channelKind: ChannelKind | null
  readonly change: ChannelChange
  /** The management key that signed the request; null when none did: by a link in a mail, or by the key server. */
  readonly managementKeyId: string | null
}

export type Alert =
  | KeyExpiringAlert
  | KeyExpiredAlert
  | KeyOverusedAlert
  | KeyRevokedAlert
  | PublicKeyMismatchAlert
  | ManagementKeyAlert
  | KeysAlert
  | ChannelChangedAlert

/** A pairing of a new device with one that approves it. */
export interface Pairing {
  /** 16 bytes, base64url. */
  readonly id: string
  readonly payload: string
  readonly answer: string | null
  readonly expiresAt: Date
}

/** The registration of an application server's key. */
export interface ApplicationServerRegistration {
  readonly applicationServer: string
  /** RFC 7638 thumbprint of the key: the `keyid` of its requests. */
  readonly keyId: string
  readonly isProved: boolean
  /** Why the key is not proved; null when it is. */
  readonly proofFailure: ProofFailure | null
}

/** A change of a key that was stored for an application server, or UP_TO_DATE: there are no later changes. */
export type KeyChange = {
  /** The change's own; for `UP_TO_DATE`, that of the newest change. The cursor encodes it. */
  readonly cursorPosition: CursorPosition
  readonly occurredAt: Date
} & (
  | {
      readonly kind: (typeof storedKeyChangeKinds)[number]
      readonly thumbprint: string
      readonly expiresAt: Date | null
    }
  | { readonly kind: 'UP_TO_DATE'; readonly thumbprint: null; readonly expiresAt: null }
)

export interface KeyServerFacts {
  readonly version: string
  /** The origins that requests are signed for. */
  readonly origins: readonly string[]
  /** The database's clock. */
  readonly time: Date
  /** How an account is opened here. */
  readonly registration: Registration
}

/** A server key's public key, as the JWK Set publishes it (RFC 7517 §4, §5). */
export type PublishedKey = SigningJwk & {
  /** RFC 7638 thumbprint. */
  readonly kid: string
  readonly alg: 'EdDSA'
  readonly use: 'sig'
}

/** One page of a Relay connection. */
export interface Page<T> {
  readonly edges: readonly { readonly cursor: string; readonly node: T }[]
  readonly hasNextPage: boolean
  readonly hasPreviousPage: boolean
}

/** Where an account's alerts are posted. */
export interface Webhook {
  readonly accountId: string
  /** UUID. */
  readonly id: string
  readonly url: string
  /** Null for all kinds. */
  readonly kinds: readonly AlertKind[] | null
  readonly createdAt: Date
  readonly lastDeliveredAt: Date | null
  /** The first failed attempt since the last delivery; null when there was none. */
  readonly failingSince: Date | null
  /** Why the last failed attempt failed. */
  readonly failure: string | null
  readonly nextAttemptAt: Date | null
  /** The receiver answered 410 Gone. */
  readonly disabledAt: Date | null
}

/** A dead letter: an alert that a webhook's receiver did not accept in time. */
export interface WebhookDeadLetter {
  readonly alert: Alert
  readonly failedAt: Date
  readonly failure: string
}

/** A channel takes an account's alerts to a person. */
export interface Channel {
  readonly accountId: string
  /** UUID. */
  readonly id: string
  readonly kind: ChannelKind
  /** An address or a URL; null when the server's secret does not open it. */
  readonly target: string | null
  /** Null for all kinds. */
  readonly kinds: readonly AlertKind[] | null
  readonly language: ChannelLanguage
  readonly createdAt: Date
  /** Whether alerts are sent there: an e-mail address must be confirmed first. */
  readonly isConfirmed: boolean
  readonly lastDeliveredAt: Date | null
  /** The first failed attempt since the last delivery; null when there was none. */
  readonly failingSince: Date | null
  /** Why the last failed attempt failed. */
  readonly failure: string | null
  readonly nextAttemptAt: Date | null
  /** The messages are refused for good. */
  readonly disabledAt: Date | null
}
