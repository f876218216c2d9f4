import { KeyServerError } from '../../schema/wire/errors.ts'
import { assertAccountName, openAccount, readAccount, type Account } from './account.ts'
import { runDocument, subscribeDocument, type GraphqlDocument } from './documents.ts'
import type { Alert } from '../alerts/alert.ts'
import { acknowledgeAlerts, readAlerts, type AlertPage, type AlertPageOptions } from '../alerts/history.ts'
import { streamAlerts, type AlertStreamOptions } from '../alerts/stream.ts'
import {
  createRequestSigner,
  type RequestSigner,
  type RequestSignerOptions,
} from '../request-signing/request-signer.ts'
import { generateManagementKey, type SigningAlgorithm, type Wrapping } from '../crypto/management-key.ts'
import type { Backup } from '../backup/backup.ts'
import { exportBackup, type ExportedBackup } from '../backup/export-backup.ts'
import { importBackup, type ImportReport } from '../backup/import-backup.ts'
import { approveDevice, lookUpPairing, type ApprovedDevice, type Pairing } from '../devices/approve.ts'
import { revokeDevice } from '../devices/revoke.ts'
import { VaultError } from '../errors.ts'
import { acquireKey, type AcquireOptions } from '../keys/acquire.ts'
import type { AcquiredKey } from '../keys/acquired-key.ts'
import { createKey, type CreateKeyOptions } from '../keys/create.ts'
import { destroyKey, readKey, readKeys, revokeKey, updateKey, type KeyChanges } from '../keys/describe.ts'
import { readKeysPage, type KeyPage, type KeyPageOptions } from '../keys/key-page.ts'
import type { TransactionKey } from '../keys/transaction-key.ts'
import type { Keystore, ManagementKeyRecord } from '../keystore/keystore.ts'
import type { Pages } from '../transport/pages.ts'
import { prepareRecovery, type RecoveryDraft } from '../recovery/prepare-recovery.ts'
import type { RewrapOptions } from '../rotation/rewrap-keys.ts'
import { rotateKey, type RotateKeyOptions } from '../rotation/rotate-key.ts'
import { openSession, type Session } from '../trust/session.ts'
import { keyServerOrigin } from '../transport/endpoint.ts'
import { readListedAccount } from '../trust/listed-account.ts'
import type { UncertifiedOptions } from '../keys/open.ts'
import {
  readWebhooks,
  redeliverWebhook,
  removeWebhook,
  setWebhook,
  type SetWebhookOptions,
  type Webhook,
  type WebhookSet,
} from '../webhooks/webhooks.ts'
import type { RevocationReason, TransactionKeyState } from '../../schema/wire/enums.ts'
import type { ConnectionOptions } from '../transport/connection-options.ts'

export interface CreateVaultOptions extends ConnectionOptions {
  /** The key server's origin, e.g. `https://keys.example`. */
  readonly url: string
  /** The account's name: 3 to 64 of a-z, 0-9, '.', '_', '-', '@', starting with a letter or digit. */
  readonly owner: string
  readonly keystore: Keystore
  /** What the owner calls this management key, e.g. `Laptop`. Default: `Device`. */
  readonly label?: string | undefined
  /** Default: Ed25519. */
  readonly signingAlgorithm?: SigningAlgorithm | undefined
  /**
   * `symmetric`: keys are wrapped under an AES-256 secret of this device, and for nobody else: no device can be paired and
   * no recovery phrase made, and what is stored today stays closed to a quantum computer too. Of a new management key
   * alone. Default: `public-key`.
   */
  readonly wrapping?: Wrapping | undefined
}

export interface OpenVaultOptions extends ConnectionOptions {
  /** The key server's origin. Default: where the account was opened. */
  readonly url?: string | undefined
  readonly keystore: Keystore
}

/**
 * An owner's transaction keys at a key server, seen from one device. It holds no connection of its own: there is
 * nothing to close, but for an alert stream, which ends when its loop does.
 *
 * Every method rejects with a `KeyServerError` for what the key server refuses and with a `VaultError` for what fails
 * on this side.
 */
export interface Vault {
  /** The key server's origin. */
  readonly url: string
  /** The account's name. */
  readonly owner: string
  /** RFC 7638 thumbprint of the management key's signing key. */
  readonly managementKeyId: string

  account(): Promise<Account>

  /**
   * Generates a key for an application server, certifies it, wraps it on this device for every management key of the
   * account that this device trusts, and stores it. Default: Ed25519.
   *
   * @throws {VaultError} ARGUMENT_INVALID for a term or limit that cannot be; nothing is sent.
   * @throws {VaultError} UNTRUSTED_MANAGEMENT_KEY when the account shows a management key that nobody trusted has endorsed.
   */
  createKey(applicationServer: string, options?: CreateKeyOptions): Promise<TransactionKey>

  /**
   * Acquires a key, ready to use: the newest active key for an application server, or the one with this id. Counted.
   *
   * The key is checked before: its certificate is signed by a management key that this device trusts, says what was asked
   * for and what the key server shows, confirms the secret, and is not older than one that was seen before.
   *
   * @throws {VaultError} NO_ACTIVE_KEY; CERTIFICATE_MISSING, CERTIFICATE_INVALID, UNTRUSTED_MANAGEMENT_KEY, ROLLBACK,
   *   KEY_MISMATCH and UNWRAP_FAILED when what the key server sent is not to be used.
   * @throws {KeyServerError} NOT_FOUND, KEY_REVOKED, KEY_NOT_YET_VALID, KEY_OVERUSED.
   */
  acquire(which: string | { readonly id: string }, options?: AcquireOptions): Promise<AcquiredKey>

  /**
   * A `fetch` for requests to an application server, signed with the newest active key for it (Ed25519 or P-256). The key is
   * acquired, and counted, at the first request.
   *
   * @throws {TypeError} when the application server's name is no URL, and no origins are given.
   */
  signer(applicationServer: string, options?: RequestSignerOptions): RequestSigner

  /**
   * The keys' descriptions, newest first. What is wrong with one is its `doubt`, and is thrown when it is used. Reads page by page while it is iterated; `toArray` reads all.
   */
  keys(filter?: {
    readonly applicationServer?: string | undefined
    readonly state?: TransactionKeyState | undefined
  }): Pages<TransactionKey>

  /** One page of {@link keys}, with the number of all that the filter lets through: for lists that are shown bit by bit. */
  keyPage(options?: KeyPageOptions): Promise<KeyPage>

  /** Null when the account has no such key. Not a use. */
  key(id: string): Promise<TransactionKey | null>

  /**
   * Changes what is given; an explicit null removes. A change of term or limits is certified anew.
   *
   * @throws {VaultError} as {@link acquire}, when the key server describes the key otherwise than its certificate.
   */
  updateKey(id: string, changes: KeyChanges & UncertifiedOptions): Promise<TransactionKey>

  /**
   * Stores a successor for the same application server and revokes the old key as SUPERSEDED, in one request and in this
   * order. Repeating it is safe. What the old key encrypted must be opened before: a revoked key is not given out.
   */
  rotateKey(id: string, options?: RotateKeyOptions): Promise<TransactionKey>

  /** Final: verification answers REVOKED from now on. */
  revokeKey(id: string, options?: { readonly reason?: RevocationReason | undefined }): Promise<TransactionKey>

  /** Erases the wrapped copies for good, and revokes the key. */
  destroyKey(id: string): Promise<TransactionKey>

  /**
   * Finds the new device that shows this code. Compare its words with those on that device before you approve.
   *
   * @throws {VaultError} PAIRING_CODE_INVALID, PAIRING_GONE, PAIRING_FORGED.
   */
  lookUpPairing(code: string): Promise<Pairing>

  /** Approves a device of the owner's: from then on it can do whatever this one can. Repeating it does what is missing. */
  approveDevice(pairing: Pairing, options?: RewrapOptions): Promise<ApprovedDevice>

  /** Exports every key that this device can open, under a passphrase. No use of them, and the owner is alerted. */
  exportBackup(options: RewrapOptions & { readonly passphrase: string }): Promise<ExportedBackup>

  /**
   * Stores the keys of a backup in this account, which has no others. Repeating it does what is missing.
   *
   * @throws {VaultError} ACCOUNT_NOT_EMPTY.
   */
  importBackup(backup: Backup, options?: RewrapOptions): Promise<ImportReport>

  /** Makes a recovery phrase, which is good for nothing before it is registered. */
  prepareRecovery(): Promise<RecoveryDraft>

  /**
   * Revokes a management key for good, and erases its copies. A key that has no other copy is then lost.
   *
   * @throws {KeyServerError} NOT_FOUND; CONFLICT for the last one.
   */
  revokeDevice(id: string): Promise<void>

  /**
   * The account's alerts, each exactly once and in order: those after the cursor `after`, without it those from the
   * moment on at which the first one is asked for.
   * Reconnects and resumes by itself, over a WebSocket, as server-sent events or page by page, whichever the network lets
   * through; `onConnectionChange` hears which, and why. A cursor that the key server can no longer read is resumed from the
   * history. Ends when the loop is left or `signal` is aborted.
   *
   * @throws {KeyServerError} from the loop: BAD_USER_INPUT, and UNAUTHENTICATED when the management key was revoked.
   */
  alerts(options?: AlertStreamOptions): AsyncIterableIterator<Alert, void, undefined>

  /** One page of the alerts so far, oldest first. */
  alertHistory(options?: AlertPageOptions): Promise<AlertPage>

  /** Marks the alerts up to and including this cursor as read; returns how many that were. */
  acknowledgeAlerts(upTo: string): Promise<number>

  /** Where alerts are posted to, oldest first. */
  webhooks(): Promise<Webhook[]>

  /**
   * Has the alerts to come posted to a URL, as signed messages of Standard Webhooks. For a URL that is set already: changes
   * the kinds, and enables it again. Its secret is in the result when it is new, and nowhere else.
   *
   * @throws {KeyServerError} BAD_USER_INPUT for a URL that is not https or leads into a private network; CONFLICT beyond 5.
   */
  setWebhook(url: string, options?: SetWebhookOptions): Promise<WebhookSet>

  /**
   * Posts nothing more there, and forgets what was not delivered.
   *
   * @throws {KeyServerError} NOT_FOUND.
   */
  removeWebhook(id: string): Promise<Webhook>

  /**
   * Tries again at once what waits, then once each alert that was given up. Enables a webhook that answered 410.
   *
   * @throws {KeyServerError} NOT_FOUND.
   */
  redeliverWebhook(id: string): Promise<Webhook>

  /**
   * Runs a query or a mutation of your own, signed. What it returns is the key server's word: no certificate is checked.
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
 * Makes a management key, keeps it in the keystore, and opens an account with it.
 *
 * The keystore has the key before the key server hears of it. So when the answer is lost, or the process dies between,
 * calling this again with the same keystore and owner finishes the work; when all was done it opens the vault.
 *
 * @throws {VaultError} KEYSTORE_OCCUPIED when the keystore's management key belongs to another account; URL_INVALID; NETWORK,
 *   TIMEOUT; what the keystore throws.
 * @throws {KeyServerError} CONFLICT when the owner's name is taken; BAD_USER_INPUT when it is no name.
 */
export async function createVault(options: CreateVaultOptions): Promise<Vault> {
  const { keystore, owner, label = 'Device' } = options
  const origin = keyServerOrigin(options.url)
  assertAccountName(owner)
  const kept = await keystore.load()
  const record = { ...(kept ?? (await generateRecord(options))), url: origin, owner }
  const session = openSession(record, { ...options, memory: keystore.trustStore })
  if (kept === null) {
    try {
      await keystore.save(record)
    } catch (error) {
      // Somebody else kept a key there meanwhile, perhaps this very call from another process: go on with that one.
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
  await openAccountOnce(session, label)
  return vaultOf(session)
}

/**
 * Opens the vault whose management key the keystore holds. Sends nothing yet.
 *
 * @throws {VaultError} KEYSTORE_EMPTY, KEYSTORE_LOCKED, KEYSTORE_EXPOSED, KEYSTORE_UNREADABLE; URL_INVALID.
 */
export async function openVault(options: OpenVaultOptions): Promise<Vault> {
  const record = await options.keystore.load()
  if (record === null) throw new VaultError('KEYSTORE_EMPTY')
  const url = keyServerOrigin(options.url ?? record.url)
  return vaultOf(openSession({ ...record, url }, { ...options, memory: options.keystore.trustStore }))
}

function vaultOf(session: Session): Vault {
  const { url, owner, managementKey } = session
  return {
    url,
    owner,
    managementKeyId: managementKey.id,
    account: () => readAccount(session),
    createKey: (applicationServer, options) => createKey(session, applicationServer, options),
    acquire: (which, options) => acquireKey(session, which, options),
    signer: (applicationServer, options) => createRequestSigner(session, applicationServer, options),
    keys: (filter) => readKeys(session, filter),
    keyPage: (options) => readKeysPage(session, options),
    key: (id) => readKey(session, id),
    updateKey: (id, changes) => updateKey(session, id, changes),
    rotateKey: (id, options) => rotateKey(session, id, options),
    revokeKey: (id, options) => revokeKey(session, id, options),
    destroyKey: (id) => destroyKey(session, id),
    lookUpPairing: (code) => lookUpPairing(session, code),
    approveDevice: (pairing, options) => approveDevice(session, pairing, options),
    exportBackup: (options) => exportBackup(session, options),
    importBackup: (backup, options) => importBackup(session, backup, options),
    prepareRecovery: () => prepareRecovery(session),
    revokeDevice: (id) => revokeDevice(session, id),
    alerts: (options) => streamAlerts(session, options),
    alertHistory: (options) => readAlerts(session, options),
    acknowledgeAlerts: (upTo) => acknowledgeAlerts(session, upTo),
    webhooks: () => readWebhooks(session),
    setWebhook: (url, options) => setWebhook(session, url, options),
    removeWebhook: (id) => removeWebhook(session, id),
    redeliverWebhook: (id) => redeliverWebhook(session, id),
    graphql: (document, variables) => runDocument(session, document, variables),
    subscribe: (document, { variables, signal = new AbortController().signal } = {}) =>
      subscribeDocument(session, document, { variables, signal }),
  }
}

async function generateRecord(options: CreateVaultOptions): Promise<ManagementKeyRecord> {
  const { owner, keystore, signingAlgorithm = 'Ed25519', wrapping } = options
  const { extractable } = keystore
  const managementKey = await generateManagementKey({ signingAlgorithm, extractable, wrapping })
  return { ...managementKey, url: keyServerOrigin(options.url), owner }
}

/** A key that was kept for a name which turned out to be taken may be used for another name; one in use may not. */
async function assertUnused(session: Session): Promise<void> {
  if ((await readNameOrNull(session)) !== null) {
    throw new VaultError('KEYSTORE_OCCUPIED', { detail: 'It belongs to another account.' })
  }
}

/** CONFLICT is success when this very key already reads an account of this name: an earlier answer was lost. */
async function openAccountOnce(session: Session, label: string): Promise<void> {
  try {
    await openAccount(session, label)
  } catch (error) {
    const isConflict = error instanceof KeyServerError && error.code === 'CONFLICT'
    if (!isConflict || (await readNameOrNull(session)) !== session.owner) throw error
  }
}

/** The name of the account of the session's management key; null when the key server does not know the key. */
async function readNameOrNull(session: Session): Promise<string | null> {
  try {
    return (await readListedAccount(session.keyServer)).name
  } catch (error) {
    if (error instanceof KeyServerError && error.details.reason === 'SIGNATURE_INVALID') return null
    throw error
  }
}
