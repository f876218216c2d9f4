import type { ResponseReader } from '../transport/response-reader.ts'
import {
  alertKinds,
  channelChanges,
  channelKinds,
  revocationReasons,
  type AlertKind,
  type ChannelChange,
  type ChannelKind,
  type RevocationReason,
} from '../../schema/wire/enums.ts'

/** The transaction key that an alert is about. */
export interface AlertSubject {
  readonly id: string
  readonly applicationServer: string
  readonly label: string | null
}

/** The members of every alert. */
export interface KnownAlert {
  /** Where to resume: pass it as `after`. */
  readonly cursor: string
  readonly occurredAt: Date
  readonly acknowledgedAt: Date | null
}

/** An alert about one transaction key. */
export interface TransactionKeyAlert extends KnownAlert {
  readonly transactionKey: AlertSubject
}

/** A key's term ends in `noticeSeconds`. */
export interface KeyExpiringAlert extends TransactionKeyAlert {
  readonly kind: 'KEY_EXPIRING'
  readonly expiresAt: Date
  readonly noticeSeconds: number
}

/** A key's term has ended. */
export interface KeyExpiredAlert extends TransactionKeyAlert {
  readonly kind: 'KEY_EXPIRED'
  readonly expiresAt: Date
}

/** A key was acquired, or under REFUSE asked for, beyond its `maxUses`: `excess` times so far (1, 2, 4, 8, …). */
export interface KeyOverusedAlert extends TransactionKeyAlert {
  readonly kind: 'KEY_OVERUSED'
  readonly maxUses: number
  readonly excess: number
  readonly refused: boolean
  /** The management key that asked. */
  readonly managementKeyId: string
}

/** A key was revoked. */
export interface KeyRevokedAlert extends TransactionKeyAlert {
  readonly kind: 'KEY_REVOKED'
  readonly reason: RevocationReason
}

/** Somebody showed an application server a key that is not the owner's for it; it may be theirs for another one. */
export interface PublicKeyMismatchAlert extends KnownAlert {
  readonly kind: 'PUBLIC_KEY_MISMATCH'
  readonly applicationServer: string
  /** RFC 7638 thumbprint of the key that was shown. */
  readonly presentedThumbprint: string
  /** Keys that were shown besides and are not told one by one, because there were too many. */
  readonly furtherKeyCount: number
}

/** A management key was added or revoked, by another one. */
export interface ManagementKeyAlert extends KnownAlert {
  readonly kind: 'MANAGEMENT_KEY_ADDED' | 'MANAGEMENT_KEY_REVOKED'
  readonly managementKeyId: string
  readonly byManagementKeyId: string
}

/** Keys were acquired to be wrapped for another management key, or for a backup. */
export interface KeysAlert extends KnownAlert {
  readonly kind: 'KEYS_REWRAPPED' | 'KEYS_EXPORTED'
  /** The management key that asked. */
  readonly managementKeyId: string
  readonly keyCount: number
}

/** A channel or a webhook was changed: by a management key, or, when it is null, by a link in a mail or by the key server. */
export interface ChannelChangedAlert extends KnownAlert {
  readonly kind: 'CHANNEL_CHANGED'
  readonly channelId: string
  /** Null: a webhook. */
  readonly channelKind: ChannelKind | null
  readonly change: ChannelChange
  readonly managementKeyId: string | null
}

/** An alert of a kind that this version does not know yet: what every alert has, and no more. */
export interface UnknownAlert {
  readonly kind: 'UNKNOWN'
  /** The kind's name at the key server. */
  readonly name: string
  readonly cursor: string
  readonly occurredAt: Date
}

/** An alert to the owner. `kind` narrows the type. */
export type Alert =
  | KeyExpiringAlert
  | KeyExpiredAlert
  | KeyOverusedAlert
  | KeyRevokedAlert
  | PublicKeyMismatchAlert
  | ManagementKeyAlert
  | KeysAlert
  | ChannelChangedAlert
  | UnknownAlert

export const alertFields = /* GraphQL */ `
  kind cursor occurredAt acknowledgedAt
  ... on KeyExpiringAlert { transactionKey { id applicationServer label } expiresAt noticeSeconds }
  ... on KeyExpiredAlert { transactionKey { id applicationServer label } expiresAt }
  ... on KeyOverusedAlert { transactionKey { id applicationServer label } maxUses excess refused managementKey { id } }
  ... on KeyRevokedAlert { transactionKey { id applicationServer label } reason }
  ... on PublicKeyMismatchAlert { applicationServer presentedThumbprint furtherKeyCount }
  ... on ManagementKeyAddedAlert { managementKey { id } addedBy { id } }
  ... on ManagementKeyRevokedAlert { managementKey { id } revokedBy { id } }
  ... on KeysRewrappedAlert { managementKey { id } keyCount }
  ... on KeysExportedAlert { managementKey { id } keyCount }
  ... on ChannelChangedAlert { channelId channelKind change changedBy { id } }
`

/** @throws {VaultError} ANSWER_MALFORMED. Never for an unknown kind. */
export function parseAlert(answer: ResponseReader): Alert {
  const kind = answer.text('kind')
  if (isKnown(kind)) return parsers[kind](answer)
  return {
    kind: 'UNKNOWN',
    name: kind,
    cursor: answer.text('cursor'),
    occurredAt: answer.instant('occurredAt'),
  }
}

const parsers: Readonly<Record<AlertKind, (answer: ResponseReader) => Alert>> = {
  KEY_EXPIRING: (answer) => ({
    kind: 'KEY_EXPIRING',
    ...parseAboutTransactionKey(answer),
    expiresAt: answer.instant('expiresAt'),
    noticeSeconds: answer.integer('noticeSeconds'),
  }),
  KEY_EXPIRED: (answer) => ({
    kind: 'KEY_EXPIRED',
    ...parseAboutTransactionKey(answer),
    expiresAt: answer.instant('expiresAt'),
  }),
  KEY_OVERUSED: (answer) => ({
    kind: 'KEY_OVERUSED',
    ...parseAboutTransactionKey(answer),
    maxUses: answer.integer('maxUses'),
    excess: answer.integer('excess'),
    refused: answer.boolean('refused'),
    managementKeyId: answer.object('managementKey').text('id'),
  }),
  KEY_REVOKED: (answer) => ({
    kind: 'KEY_REVOKED',
    ...parseAboutTransactionKey(answer),
    reason: answer.oneOf('reason', revocationReasons),
  }),
  PUBLIC_KEY_MISMATCH: (answer) => ({
    kind: 'PUBLIC_KEY_MISMATCH',
    ...parseCommon(answer),
    applicationServer: answer.text('applicationServer'),
    presentedThumbprint: answer.text('presentedThumbprint'),
    furtherKeyCount: answer.integer('furtherKeyCount'),
  }),
  MANAGEMENT_KEY_ADDED: (answer) => ({
    kind: 'MANAGEMENT_KEY_ADDED',
    ...parseCommon(answer),
    managementKeyId: answer.object('managementKey').text('id'),
    byManagementKeyId: answer.object('addedBy').text('id'),
  }),
  MANAGEMENT_KEY_REVOKED: (answer) => ({
    kind: 'MANAGEMENT_KEY_REVOKED',
    ...parseCommon(answer),
    managementKeyId: answer.object('managementKey').text('id'),
    byManagementKeyId: answer.object('revokedBy').text('id'),
  }),
  KEYS_REWRAPPED: (answer) => ({ kind: 'KEYS_REWRAPPED', ...parseKeys(answer) }),
  KEYS_EXPORTED: (answer) => ({ kind: 'KEYS_EXPORTED', ...parseKeys(answer) }),
  CHANNEL_CHANGED: (answer) => ({
    kind: 'CHANNEL_CHANGED',
    ...parseCommon(answer),
    channelId: answer.text('channelId'),
    channelKind: answer.oneOfOrNull('channelKind', channelKinds),
    change: answer.oneOf('change', channelChanges),
    managementKeyId: answer.objectOrNull('changedBy')?.text('id') ?? null,
  }),
}

function parseCommon(answer: ResponseReader): KnownAlert {
  return {
    cursor: answer.text('cursor'),
    occurredAt: answer.instant('occurredAt'),
    acknowledgedAt: answer.instantOrNull('acknowledgedAt'),
  }
}

function parseAboutTransactionKey(answer: ResponseReader): TransactionKeyAlert {
  const transactionKey = answer.object('transactionKey')
  return {
    ...parseCommon(answer),
    transactionKey: {
      id: transactionKey.text('id'),
      applicationServer: transactionKey.text('applicationServer'),
      label: transactionKey.textOrNull('label'),
    },
  }
}

function parseKeys(answer: ResponseReader): Omit<KeysAlert, 'kind'> {
  return {
    ...parseCommon(answer),
    managementKeyId: answer.object('managementKey').text('id'),
    keyCount: answer.integer('keyCount'),
  }
}

function isKnown(kind: string): kind is AlertKind {
  return alertKinds.some((known) => known === kind)
}
