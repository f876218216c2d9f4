import { assertAccountName, readAccount, type Account } from './account.ts'
import { generateRecord } from './generate-record.ts'
import { assertUnused, openAccountOnce } from './open-account-once.ts'
import { runDocument, subscribeDocument, type GraphqlDocument } from './documents.ts'
import type { Alert } from '../alerts/alert.ts'
import { acknowledgeAlerts, readAlerts, type AlertPage, type AlertPageOptions } from '../alerts/history.ts'
import { streamAlerts, type AlertStreamOptions } from '../alerts/stream.ts'
import type { AuditEntry } from '../audit/audit-entry.ts'
import type { AuditHead } from '../audit/audit-head.ts'
import { readAuditLog, type AuditFilter } from '../audit/audit-log.ts'
import type { AuditReport, VerifyAuditLogOptions } from '../audit/verify-audit-log.ts'
import {
  createRequestSigner,
  type RequestSigner,
  type RequestSignerOptions,
} from '../request-signing/request-signer.ts'
import type { SigningAlgorithm, Wrapping } from '../crypto/management-key.ts'
import type { Backup } from '../backup/backup.ts'
import type { ExportedBackup } from '../backup/export-backup.ts'
import type { ImportReport } from '../backup/import-backup.ts'
import type { ApprovedDevice, PairedKind, Pairing } from '../devices/approve.ts'
import { VaultError } from '../errors.ts'
import { acquireKey, type AcquireOptions } from '../keys/acquire.ts'
import type { AcquiredKey } from '../keys/acquired-key.ts'
import { createKey, type CreateKeyOptions } from '../keys/create.ts'
import { readKeysPage, type KeyPage, type KeyPageOptions } from '../keys/key-page.ts'
import { readKey, readKeys } from '../keys/list.ts'
import { destroyKey, revokeKey } from '../keys/revoke.ts'
import { updateKey, type KeyChanges } from '../keys/update.ts'
import type { TransactionKey } from '../keys/transaction-key.ts'
import type { Keystore } from '../keystore/keystore.ts'
import type { Pages } from '../transport/pages.ts'
import type { RecoveryDraft } from '../recovery/prepare-recovery.ts'
import type { RewrapOptions } from '../rotation/rewrap-keys.ts'
import type { RotateKeyOptions } from '../rotation/rotate-key.ts'
import { openSession, type Session } from '../trust/session.ts'
import { loadSeldom } from './load-seldom.ts'
import { keyServerOrigin } from '../transport/endpoint.ts'
import type { UncertifiedOptions } from '../keys/open.ts'
import type { AddChannelOptions, Channel } from '../channels/channels.ts'
import type { SetWebhookOptions, Webhook, WebhookSet } from '../webhooks/webhooks.ts'
import type { ChannelKind, RevocationReason, TransactionKeyState } from '../../schema/wire/enums.ts'
import type { ConnectionOptions } from '../transport/connection-options.ts'

export interface CreateVaultOptions extends ConnectionOptions {
  /** The key server's origin, e.g. `https://keys.example`. */
  readonly url: string
  /** The account's name: 3 to 64 of a-z, 0-9, '.', '_', '-', '@', starting with a letter or digit. */
  readonly owner: string
  readonly keystore: Keystore
  /** The label of this management key, e.g. `Laptop`. Default: `Device`. */
  readonly label?: string | undefined
  /** The invitation that the key server's operator gave the owner, where opening an account takes one. */
  readonly invitation?: string | undefined
  /** Default: Ed25519, or P-256 where the runtime has no Ed25519. */
  readonly signingAlgorithm?: SigningAlgorithm | undefined
  /**
   * `symmetric`: keys are wrapped with an AES-256 secret of this device alone. No device can be paired and no recovery phrase
   * created, and a quantum computer cannot open the wrapped keys. Only for a new management key. Default: `public-key`.
   */
  readonly wrapping?: Wrapping | undefined
}

export interface OpenVaultOptions extends ConnectionOptions {
  /** The key server's origin. Default: the one in the keystore. */
  readonly url?: string | undefined
  readonly keystore: Keystore
}

/**
 * An owner's transaction keys at a key server, as one device sees them. It keeps no connection open, so it need not be
 * closed; an alert stream ends with its loop.
 *
 * Every method rejects with a `KeyServerError` when the key server refuses the request, and with a `VaultError` when the
 * client fails.
 */
export interface Vault {
  /** The key server's origin. */
  readonly url: string
  /** The account's name. */
  readonly owner: string
  /** RFC 7638 thumbprint of the management key's signing key. */
  readonly managementKeyId: string
  /** `VIEWER`: this device reads, follows alerts and acknowledges them; every other operation is FORBIDDEN. */
  readonly kind: PairedKind

  account(): Promise<Account>

  /**
   * Generates a key for an application server, certifies it, wraps it on this device for every management key of the
   * account, and stores it. Default: Ed25519.
   *
   * @throws {VaultError} ARGUMENT_INVALID for an invalid term or limit; nothing is sent.
   * @throws {VaultError} UNTRUSTED_MANAGEMENT_KEY when the account lists a management key that this device does not trust.
   */
  createKey(applicationServer: string, options?: CreateKeyOptions): Promise<TransactionKey>

  /**
   * Acquires the newest active key for an application server, or the key with this id. It is counted as a use.
   *
   * The key is verified first: its certificate is signed by a management key that this device trusts, matches the request and
   * the key server's description, confirms the secret, and is not older than one that was seen before.
   *
   * @throws {VaultError} NO_ACTIVE_KEY; CERTIFICATE_MISSING, CERTIFICATE_INVALID, UNTRUSTED_MANAGEMENT_KEY, ROLLBACK,
   *   KEY_MISMATCH and UNWRAP_FAILED when the key cannot be verified.
   * @throws {KeyServerError} NOT_FOUND, KEY_REVOKED, KEY_NOT_YET_VALID, KEY_OVERUSED.
   */
  acquire(which: string | { readonly id: string }, options?: AcquireOptions): Promise<AcquiredKey>

  /**
   * A `fetch` that signs requests to an application server with the newest active key for it (Ed25519 or P-256). The first
   * request acquires the key, which is counted as a use.
   *
   * @throws {TypeError} when the application server's name is not a URL, and no origins are given.
   */
  signer(applicationServer: string, options?: RequestSignerOptions): RequestSigner

  /**
   * The keys' descriptions, newest first. An acquisition of a key throws its `trustError`. The iteration reads page by page;
   * `toArray` reads all.
   */
  keys(filter?: {
    readonly applicationServer?: string | undefined
    readonly state?: TransactionKeyState | undefined
  }): Pages<TransactionKey>

  /** One page of {@link keys}, with the number of all that the filter lets through: for lists that are shown bit by bit. */
  keyPage(options?: KeyPageOptions): Promise<KeyPage>

  /** The description of a key; null when the account has no such key. It is not a use. */
  key(id: string): Promise<TransactionKey | null>

  /**
   * Changes the given members; null removes one. A change of the term or a limit is certified anew.
   *
   * @throws {VaultError} as {@link acquire}, when the description does not match the certificate.
   */
  updateKey(id: string, changes: KeyChanges & UncertifiedOptions): Promise<TransactionKey>

  /**
   * Has a signing key that was stored without it sign that its holder stored it, as verifiers with `requirePossession` ask. It
   * counts as one use; nothing happens to a key that has done so.
   *
   * @throws {VaultError} as {@link acquire}; ALGORITHM_MISMATCH for a key that cannot sign.
   */
  provePossession(id: string, options?: UncertifiedOptions): Promise<TransactionKey>

  /**
   * Stores a successor for the same application server and then revokes the old key as SUPERSEDED, in one request. Repeating
   * it is safe. Decrypt data of the old key before: a revoked key cannot be acquired.
   */
  rotateKey(id: string, options?: RotateKeyOptions): Promise<TransactionKey>

  /** Revokes a key for good: verifications answer REVOKED from now on. */
  revokeKey(id: string, options?: { readonly reason?: RevocationReason | undefined }): Promise<TransactionKey>

  /** Revokes a key for good, and erases its wrapped keys. */
  destroyKey(id: string): Promise<TransactionKey>

  /**
   * Finds the new device that displays this code. Compare the fingerprint words with that device before you approve it.
   *
   * @throws {VaultError} PAIRING_CODE_INVALID, PAIRING_GONE, PAIRING_FORGED.
   */
  lookUpPairing(code: string): Promise<Pairing>

  /** Approves a device of the owner: from then on it can do whatever this one can. A repeated call does what is missing. */
  approveDevice(pairing: Pairing, options?: RewrapOptions): Promise<ApprovedDevice>

  /** Exports every key that this device can open, encrypted with a passphrase. It is not a use, and raises an alert. */
  exportBackup(options: RewrapOptions & { readonly passphrase: string }): Promise<ExportedBackup>

  /**
   * Stores the keys of a backup in this account, which may have no other keys. A repeated call does what is missing.
   *
   * @throws {VaultError} ACCOUNT_NOT_EMPTY.
   */
  importBackup(backup: Backup, options?: RewrapOptions): Promise<ImportReport>

  /** Creates a recovery phrase. It can restore keys once it is registered. */
  prepareRecovery(): Promise<RecoveryDraft>

  /**
   * Revokes a management key for good, and erases its wrapped keys. A key that is wrapped for no other one is lost.
   *
   * @throws {KeyServerError} NOT_FOUND; CONFLICT for the last one.
   */
  revokeDevice(id: string): Promise<void>

  /**
   * The account's alerts, in order and each exactly once: those after the cursor `after`; without it those that are raised
   * after the loop begins. It reconnects and resumes by itself, over a WebSocket, as server-sent events or page by page,
   * whichever the network lets through; `onConnectionChange` is told which, and why. After a cursor that the key server can no
   * longer read it resumes from the history. It ends when the loop is left or `signal` is aborted.
   *
   * @throws {KeyServerError} from the loop: BAD_USER_INPUT, and UNAUTHENTICATED when the management key was revoked.
   */
  alerts(options?: AlertStreamOptions): AsyncIterableIterator<Alert, void, undefined>

  /** A page of the past alerts, oldest first. */
  alertHistory(options?: AlertPageOptions): Promise<AlertPage>

  /** Marks the alerts up to and including this cursor as read; returns their number. */
  acknowledgeAlerts(upTo: string): Promise<number>

  /**
   * The record of the account and its keys: every acquisition, granted or refused, and every change, newest first. It is
   * the key server's word: {@link verifyAuditLog} checks that nothing was removed or changed since.
   */
  auditLog(filter?: AuditFilter): Pages<AuditEntry>

  /**
   * How far the audit log has come, signed by the key server. Keep it apart from the key server, as JSON, for
   * {@link verifyAuditLog}. This device remembers the newest one that it has seen.
   *
   * @throws {VaultError} AUDIT_HEAD_INVALID; ROLLBACK when the log was further before.
   */
  auditHead(): Promise<AuditHead>

  /**
   * Reads the whole audit log, computes its chain of hashes anew, and compares it with the newest head that this device has
   * seen, and with `head`, one that was kept elsewhere. It does not throw when the chain is broken: look at `holds`.
   *
   * @throws {VaultError} AUDIT_HEAD_INVALID when `head` is not of this account.
   */
  verifyAuditLog(options?: VerifyAuditLogOptions): Promise<AuditReport>

  /** The account's webhooks, oldest first. */
  webhooks(): Promise<Webhook[]>

  /**
   * Posts future alerts to a URL, as signed messages of Standard Webhooks. For a URL that is set already it changes the kinds,
   * and enables the webhook again. The result contains the secret when it is new; it cannot be read later.
   *
   * @throws {KeyServerError} BAD_USER_INPUT for a URL that is not https or resolves to a private address; CONFLICT beyond 5.
   */
  setWebhook(url: string, options?: SetWebhookOptions): Promise<WebhookSet>

  /** Removes a webhook, and its undelivered alerts. @throws {KeyServerError} NOT_FOUND. */
  removeWebhook(id: string): Promise<Webhook>

  /**
   * Retries waiting alerts at once, and each dead letter once, also where it answered 410.
   *
   * @throws {KeyServerError} NOT_FOUND.
   */
  redeliverWebhook(id: string): Promise<Webhook>

  /** The account's channels to people, oldest first. */
  channels(): Promise<Channel[]>

  /**
   * Sends future alerts to a person: to an e-mail address, once it is confirmed by the link in a mail, or to the URL of an
   * incoming webhook or a topic of ntfy. For a target that is there already it changes kinds and language, and enables it.
   *
   * @throws {KeyServerError} BAD_USER_INPUT, also for `EMAIL` where the key server sends no mail; CONFLICT beyond 5;
   *   RATE_LIMITED for confirmation mails.
   */
  addChannel(kind: ChannelKind, target: string, options?: AddChannelOptions): Promise<Channel>

  /**
   * Removes a channel. It gets a last message that says so, and then its target is erased.
   *
   * @throws {KeyServerError} NOT_FOUND.
   */
  removeChannel(id: string): Promise<Channel>

  /**
   * Runs a query or a mutation of your own, signed. The result is the key server's word: no certificate is checked.
   *
   * @throws {KeyServerError} the first error of the answer.
   */
  graphql<Data = unknown, Variables extends object = object>(
    document: GraphqlDocument<Data, Variables>,
    variables?: Variables,
  ): Promise<Data>

  /**
   * Runs a subscription of your own over one WebSocket, signed. Ends with its connection, and when `signal` is aborted;
   * {@link alerts} resumes by itself.
   */
  subscribe<Data = unknown, Variables extends object = object>(
    document: GraphqlDocument<Data, Variables>,
    options?: { readonly variables?: Variables; readonly signal?: AbortSignal },
  ): AsyncGenerator<Data, void, undefined>
}

/**
 * Generates a management key, stores it in the keystore, and opens an account with it.
 *
 * The key is stored before it is registered. When the answer is lost, or the process ends in between, a repeated call with
 * the same keystore and owner continues; when the account is open already it opens the vault.
 *
 * @throws {VaultError} KEYSTORE_OCCUPIED when the keystore's management key belongs to another account; URL_INVALID; NETWORK,
 *   TIMEOUT; what the keystore throws.
 * @throws {KeyServerError} CONFLICT when the owner's name is taken; FORBIDDEN where opening an account takes an invitation, or the
 *   key server opens none; BAD_USER_INPUT when it is not a name.
 */
export async function createVault(options: CreateVaultOptions): Promise<Vault> {
  const { keystore, owner, label = 'Device', invitation } = options
  const origin = keyServerOrigin(options.url)
  assertAccountName(owner)
  const kept = await keystore.load()
  const record = { ...(kept ?? (await generateRecord(options))), url: origin, owner }
  const session = openSession(record, { ...options, trustStore: keystore.trustStore })
  if (kept === null) {
    try {
      await keystore.save(record)
    } catch (error) {
      // Another process has stored a key meanwhile, perhaps by the same call: continue with that one.
      const isOccupied = error instanceof VaultError && error.code === 'KEYSTORE_OCCUPIED'
      if (!isOccupied || (await keystore.load()) === null) throw error
      return createVault(options)
    }
  } else if (kept.url !== origin) {
    throw new VaultError('KEYSTORE_OCCUPIED', { detail: 'It belongs to another key server.' })
  } else if (kept.owner !== owner) {
    await assertUnused(session)
    await keystore.save(record)
  }
  await openAccountOnce(session, { label, invitation })
  return vaultOf(session)
}

/**
 * Opens the vault of the management key in the keystore. It sends nothing yet.
 *
 * @throws {VaultError} KEYSTORE_EMPTY, KEYSTORE_LOCKED, KEYSTORE_EXPOSED, KEYSTORE_UNREADABLE; URL_INVALID.
 */
export async function openVault(options: OpenVaultOptions): Promise<Vault> {
  const record = await options.keystore.load()
  if (record === null) throw new VaultError('KEYSTORE_EMPTY')
  const url = keyServerOrigin(options.url ?? record.url)
  return vaultOf(openSession({ ...record, url }, { ...options, trustStore: options.keystore.trustStore }))
}

function vaultOf(session: Session): Vault {
  const { url, owner, managementKey } = session
  return {
    url,
    owner,
    managementKeyId: managementKey.id,
    kind: managementKey.kind ?? 'DEVICE',
    account: () => readAccount(session),
    createKey: (applicationServer, options) => createKey(session, applicationServer, options),
    acquire: (which, options) => acquireKey(session, which, options),
    signer: (applicationServer, options) => createRequestSigner(session, applicationServer, options),
    keys: (filter) => readKeys(session, filter),
    keyPage: (options) => readKeysPage(session, options),
    key: (id) => readKey(session, id),
    updateKey: (id, changes) => updateKey(session, id, changes),
    provePossession: async (id, options) => (await loadSeldom()).proveStoredKey(session, id, options),
    rotateKey: async (id, options) => (await loadSeldom()).rotateKey(session, id, options),
    revokeKey: (id, options) => revokeKey(session, id, options),
    destroyKey: (id) => destroyKey(session, id),
    lookUpPairing: async (code) => (await loadSeldom()).lookUpPairing(session, code),
    approveDevice: async (pairing, options) => (await loadSeldom()).approveDevice(session, pairing, options),
    exportBackup: async (options) => (await loadSeldom()).exportBackup(session, options),
    importBackup: async (backup, options) => (await loadSeldom()).importBackup(session, backup, options),
    prepareRecovery: async () => (await loadSeldom()).prepareRecovery(session),
    revokeDevice: async (id) => (await loadSeldom()).revokeDevice(session, id),
    alerts: (options) => streamAlerts(session, options),
    alertHistory: (options) => readAlerts(session, options),
    acknowledgeAlerts: (upTo) => acknowledgeAlerts(session, upTo),
    auditLog: (filter) => readAuditLog(session, filter),
    auditHead: async () => (await loadSeldom()).readNewestAuditHead(session),
    verifyAuditLog: async (options) => (await loadSeldom()).verifyAuditLog(session, options),
    webhooks: async () => (await loadSeldom()).readWebhooks(session),
    setWebhook: async (url, options) => (await loadSeldom()).setWebhook(session, url, options),
    removeWebhook: async (id) => (await loadSeldom()).removeWebhook(session, id),
    redeliverWebhook: async (id) => (await loadSeldom()).redeliverWebhook(session, id),
    channels: async () => (await loadSeldom()).readChannels(session),
    addChannel: async (kind, target, options) =>
      (await loadSeldom()).addChannel(session, { kind, target, ...options }),
    removeChannel: async (id) => (await loadSeldom()).removeChannel(session, id),
    graphql: (document, variables) => runDocument(session, document, variables),
    subscribe: (document, { variables, signal = new AbortController().signal } = {}) =>
      subscribeDocument(session, document, { variables, signal }),
  }
}
