/** The client SDK: an owner's keys at a key server. It runs in Node and in browsers; `claviger/node` adds what needs Node. */
export type { Account, ManagementKeyDescription } from './vault/account.ts'
export type {
  Alert,
  AlertSubject,
  ChannelChangedAlert,
  KeyExpiredAlert,
  KeyExpiringAlert,
  KeyOverusedAlert,
  KeyRevokedAlert,
  KeysAlert,
  KnownAlert,
  ManagementKeyAlert,
  PublicKeyMismatchAlert,
  TransactionKeyAlert,
  UnknownAlert,
} from './alerts/alert.ts'
export type { AlertPage, AlertPageOptions } from './alerts/history.ts'
export type { AuditEntry } from './audit/audit-entry.ts'
export type { AuditHead } from './audit/audit-head.ts'
export type { AuditFilter } from './audit/audit-log.ts'
export type { RecentEntry } from './audit/recent-entries.ts'
export type { AuditProblem, AuditReport, VerifyAuditLogOptions } from './audit/verify-audit-log.ts'
export { indexedDbCursorStore, type CursorStore } from './alerts/cursor-store.ts'
export type { ConnectionChange } from './alerts/connection-change.ts'
export type { AlertStreamOptions } from './alerts/stream.ts'
export type { RequestSigner, RequestSignerOptions } from './request-signing/request-signer.ts'
export type { StreamTransport } from './transport/transports.ts'
export type { SigningAlgorithm, Wrapping } from './crypto/management-key.ts'
export type { Secret, TransactionKeyAlgorithm } from './crypto/transaction-key.ts'
export type { BackedUpKey, Backup } from './backup/backup.ts'
export type { ExportedBackup } from './backup/export-backup.ts'
export type { ImportReport } from './backup/import-backup.ts'
export type { ApprovedDevice, PairedKind, Pairing } from './devices/approve.ts'
export type { PairingRequest, RequestPairingOptions } from './vault/request-pairing.ts'
export { openBackup, openRecovery, requestPairing, rotateManagementKey } from './vault/on-demand.ts'
export { ClavigerError } from '../schema/wire/claviger-error.ts'
export { VaultError, vaultErrorCodes, type VaultErrorCode } from './errors.ts'
export type { AcquireOptions } from './keys/acquire.ts'
export type { AcquiredKey, AuthenticatedData } from './keys/acquired-key.ts'
export type { CreateKeyOptions } from './keys/create.ts'
export type { KeyPage, KeyPageOptions } from './keys/key-page.ts'
export type { KeyChanges } from './keys/update.ts'
export type { UncertifiedOptions } from './keys/open.ts'
export type { DescribedTransactionKey, TransactionKey } from './keys/transaction-key.ts'
export { indexedDbKeystore } from './keystore/indexed-db.ts'
export type { Keystore, ManagementKeyRecord } from './keystore/keystore.ts'
export { memoryKeystore } from './keystore/memory.ts'
export {
  canUsePasskey,
  passkeyKeystore,
  type PasskeyKeystore,
  type PasskeyKeystoreOptions,
} from './keystore/passkey-keystore.ts'
export type { Pages } from './transport/pages.ts'
export type { OpenRecoveryOptions, Recovery, RestoredVault, RestoreOptions } from './vault/open-recovery.ts'
export type { RecoveryDraft } from './recovery/prepare-recovery.ts'
export type { RewrapOptions, RewrapReport, Progress } from './rotation/rewrap-keys.ts'
export type { SkippedKey } from './rotation/open-wrapped-keys.ts'
export type { RotateKeyOptions } from './rotation/rotate-key.ts'
export type { RotatedManagementKey, RotateManagementKeyOptions } from './vault/rotate-management-key.ts'
export { memoryRotationStore, type RotationStore } from './rotation/rotation-store.ts'
export type { Fetch } from './transport/signing-fetch.ts'
export type { KeyTerms } from './trust/certificate.ts'
export type { TrustErrorCode } from './trust/trust.ts'
export type {
  SeenAuditHead,
  SeenManagementKey,
  SeenTransactionKey,
  TrustState,
  TrustStore,
} from './keystore/trust-store.ts'
export {
  createVault,
  openVault,
  type CreateVaultOptions,
  type OpenVaultOptions,
  type Vault,
} from './vault/vault.ts'
export type { GraphqlDocument, ParsedDocument } from './vault/documents.ts'
export type { AddChannelOptions, Channel } from './channels/channels.ts'
export type { SetWebhookOptions, Webhook, WebhookSet } from './webhooks/webhooks.ts'
export type { VerificationResult, VerificationStatus } from './verifier/result.ts'
export {
  verifyPublicKey,
  verifyPublicKeys,
  type PublicKeyQuery,
  type VerifyPublicKeyOptions,
} from './verifier/verify-public-key.ts'
export { VerifierError, verifierErrorCodes, type VerifierErrorCode } from './verifier-error.ts'
export {
  errorCodes,
  KeyServerError,
  quotaNames,
  signatureRefusals,
  type ErrorCode,
  type ErrorDetails,
  type QuotaName,
  type SignatureRefusal,
} from '../schema/wire/errors.ts'
export type { PublicJwk, SigningJwk, WrappingJwk } from '../schema/wire/keys/jwk.ts'
export type { WebCryptoKey, WebCryptoKeyPair } from '../schema/wire/keys/web-crypto-key.ts'
export {
  acquisitionPurposes,
  alertKinds,
  auditActions,
  channelChanges,
  channelKinds,
  channelLanguages,
  managementKeyKinds,
  overusePolicies,
  revocationReasons,
  transactionKeySorts,
  transactionKeyStates,
  type AcquisitionPurpose,
  type AlertKind,
  type AuditAction,
  type ManagementKeyKind,
  type OverusePolicy,
  type RevocationReason,
  type TransactionKeySort,
  type TransactionKeyState,
  type ChannelChange,
  type ChannelKind,
  type ChannelLanguage,
} from '../schema/wire/enums.ts'
export type { ConnectionOptions } from './transport/connection-options.ts'
export { readKeyServer, type KeyServerFacts } from './transport/key-server-facts.ts'
