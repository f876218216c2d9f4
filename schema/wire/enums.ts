/*
 * The enumerations of the API, which server, clients and statements share.
 */

export const managementKeyKinds = ['DEVICE', 'RECOVERY', 'VIEWER'] as const

export type ManagementKeyKind = (typeof managementKeyKinds)[number]

export const transactionKeyStates = ['PENDING', 'ACTIVE', 'EXPIRED', 'REVOKED'] as const

export type TransactionKeyState = (typeof transactionKeyStates)[number]

/** Orders of an account's transaction keys. */
export const transactionKeySorts = [
  'NEWEST',
  'OLDEST',
  'EXPIRING_FIRST',
  'LAST_USED',
  'MOST_USED',
  'NAME',
] as const

export type TransactionKeySort = (typeof transactionKeySorts)[number]

export const revocationReasons = ['UNSPECIFIED', 'COMPROMISED', 'SUPERSEDED', 'CESSATION'] as const

export type RevocationReason = (typeof revocationReasons)[number]

export const overusePolicies = ['NOTIFY', 'REFUSE'] as const

export type OverusePolicy = (typeof overusePolicies)[number]

export const acquisitionPurposes = ['USE', 'REWRAP', 'EXPORT'] as const

export type AcquisitionPurpose = (typeof acquisitionPurposes)[number]

/** The actions that the audit log records. */
export const auditActions = [
  'ACCOUNT_OPENED',
  'MANAGEMENT_KEY_ADDED',
  'MANAGEMENT_KEY_REVOKED',
  'KEY_STORED',
  'KEY_ACQUIRED',
  'KEY_UPDATED',
  'KEY_REWRAPPED',
  'KEY_REVOKED',
  'KEY_DESTROYED',
  'ALERTS_ACKNOWLEDGED',
  'WEBHOOK_CHANGED',
] as const

export type AuditAction = (typeof auditActions)[number]

export const alertKinds = [
  'KEY_EXPIRING',
  'KEY_EXPIRED',
  'KEY_OVERUSED',
  'KEY_REVOKED',
  'PUBLIC_KEY_MISMATCH',
  'MANAGEMENT_KEY_ADDED',
  'MANAGEMENT_KEY_REVOKED',
  'KEYS_REWRAPPED',
  'KEYS_EXPORTED',
  'CHANNEL_CHANGED',
] as const

export type AlertKind = (typeof alertKinds)[number]

export const proofFailures = ['NOT_AN_ORIGIN', 'UNREACHABLE', 'REFUSED', 'MALFORMED', 'NOT_LISTED'] as const

export type ProofFailure = (typeof proofFailures)[number]

export const storedKeyChangeKinds = ['REVOKED', 'DESTROYED', 'SUPERSEDED', 'TERM_CHANGED', 'EXPIRED'] as const

export const keyChangeKinds = [...storedKeyChangeKinds, 'UP_TO_DATE'] as const

/** The kinds of channels that take an account's alerts to a person: e-mail, or a service for messages. */
export const channelKinds = ['EMAIL', 'SLACK', 'TEAMS', 'DISCORD', 'NTFY'] as const

export type ChannelKind = (typeof channelKinds)[number]

/**
 * STOPPED: by the link in a mail. DISABLED: by the key server, because the messages are refused for good. FAILING: a
 * webhook has not accepted an alert for three days, which became a dead letter.
 */
export const channelChanges = ['ADDED', 'CHANGED', 'REMOVED', 'STOPPED', 'DISABLED', 'FAILING'] as const

export type ChannelChange = (typeof channelChanges)[number]

/** The languages of messages, as RFC 5646 tags in upper case. */
export const channelLanguages = ['EN', 'DE'] as const

export type ChannelLanguage = (typeof channelLanguages)[number]

/** How an account is opened: by anybody, with an invitation of the operator, or not at all. */
export const registrations = ['OPEN', 'INVITE', 'CLOSED'] as const

export type Registration = (typeof registrations)[number]
