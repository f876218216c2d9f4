import { assertAccountName } from './account.ts'
import { generateManagementKey, publicManagementKey } from '../crypto/management-key.ts'
import { addManagementKey } from '../devices/add-key.ts'
import { isUnknownKey } from '../devices/unknown-key.ts'
import { VaultError } from '../errors.ts'
import { readKeyPage } from '../keys/list.ts'
import type { DescribedTransactionKey } from '../keys/transaction-key.ts'
import type { Keystore, ManagementKeyRecord } from '../keystore/keystore.ts'
import { pagesOf } from '../transport/pages.ts'
import type { RewrapOptions, RewrapReport } from '../rotation/rewrap-keys.ts'
import { openSession, type Session } from '../trust/session.ts'
import { keyServerOrigin } from '../transport/endpoint.ts'
import { signEndorsement, signProof } from '../trust/endorse.ts'
import { readListedAccount, type ListedAccount } from '../trust/listed-account.ts'
import { openVault, type Vault } from './vault.ts'
import { limits } from '../../schema/wire/limits.ts'
import { parsePhrase } from '../recovery/phrase.ts'
import { recoveryAlgorithms, recoveryKeyOf, type RecoveryKey } from '../recovery/recovery-key.ts'
import { anchorTagOf } from '../recovery/recovery-label.ts'
import type { ConnectionOptions } from '../transport/connection-options.ts'

export interface OpenRecoveryOptions extends ConnectionOptions {
  /** The key server's origin. */
  readonly url: string
  /** The account's name. */
  readonly owner: string
  /** The 24 words, as typed. */
  readonly phrase: string
}

/** A recovery phrase that opens an account. Nothing is changed yet. */
export interface Recovery {
  /** The management key that is derived from the phrase. */
  readonly managementKeyId: string
  /** The number of keys that it can restore. Revoked keys cannot be restored. */
  readonly restorable: number
  /** Keys that are not wrapped for it, because a device stored them without it. */
  readonly missing: readonly { readonly id: string; readonly applicationServer: string }[]

  /**
   * Makes this machine a device of the owner: generates a management key, endorses it with the recovery key, and rewraps every
   * key that the phrase opens for it. A repeated call with the same keystore does what is missing.
   *
   * @throws {VaultError} KEYSTORE_OCCUPIED.
   */
  restore(options: RestoreOptions): Promise<RestoredVault>
}

export interface RestoreOptions extends RewrapOptions {
  /** An empty keystore. */
  readonly keystore: Keystore
  /** The label of this device. Default: `Device`. */
  readonly label?: string | undefined
}

export interface RestoredVault {
  readonly vault: Vault
  readonly report: RewrapReport
}

/**
 * Finds out which keys a recovery phrase can restore. It changes nothing.
 *
 * @throws {VaultError} PHRASE_INVALID when the words are not a phrase, or not that of this account;
 *   RUNTIME_UNSUPPORTED when it may be one whose algorithm Web Crypto does not have here; UNTRUSTED_MANAGEMENT_KEY when the listed account does not contain the first key that the phrase is bound to.
 */
export async function openRecovery(options: OpenRecoveryOptions): Promise<Recovery> {
  const { owner } = options
  assertAccountName(owner)
  const { key, record, account } = await findAccount(parsePhrase(options.phrase), options)
  const { managementKey } = key
  const rootId = await findBoundRoot(account, { key, owner })
  const session = openSession({ ...record, anchors: [rootId] }, options)
  const keys = await unrevokedKeys(session)
  const isMissing = ({ wrappedFor }: DescribedTransactionKey) => !wrappedFor.includes(managementKey.id)
  const missing = keys.filter(isMissing).map(({ id, applicationServer }) => ({ id, applicationServer }))
  return {
    managementKeyId: managementKey.id,
    restorable: keys.length - missing.length,
    missing,
    restore: (restoring) => restore(session, [managementKey.id, rootId], { ...options, ...restoring }),
  }
}

interface FoundAccount {
  readonly key: RecoveryKey
  readonly record: ManagementKeyRecord
  readonly account: ListedAccount
}

/** The phrase does not tell for which algorithm it was registered: that depends on the runtime that made it. */
async function findAccount(words: readonly string[], options: OpenRecoveryOptions): Promise<FoundAccount> {
  const { owner } = options
  const failures: VaultError[] = []
  for (const algorithm of recoveryAlgorithms) {
    try {
      const key = await recoveryKeyOf(words, algorithm)
      const record = { ...key.managementKey, url: keyServerOrigin(options.url), owner }
      return { key, record, account: await readAccountOf(openSession(record, options), owner) }
    } catch (error) {
      const isOfAlgorithm =
        error instanceof VaultError && ['PHRASE_INVALID', 'RUNTIME_UNSUPPORTED'].includes(error.code)
      if (!isOfAlgorithm) throw error
      failures.push(error)
    }
  }
  throw (
    failures.find(({ code }) => code === 'RUNTIME_UNSUPPORTED') ??
    failures[0] ??
    new VaultError('PHRASE_INVALID')
  )
}

async function readAccountOf(session: Session, owner: string): Promise<ListedAccount> {
  try {
    const account = await readListedAccount(session.keyServer)
    if (account.name === owner) return account
  } catch (error) {
    if (!isUnknownKey(error)) throw error
  }
  throw new VaultError('PHRASE_INVALID', {
    detail: 'It is not a phrase of this account, or it was revoked.',
  })
}

/** The id of the first key that the phrase is bound to. */
async function findBoundRoot(
  { managementKeys }: ListedAccount,
  { key, owner }: { readonly key: RecoveryKey; readonly owner: string },
): Promise<string> {
  const own = managementKeys.find(({ id }) => id === key.managementKey.id)
  const tag = own === undefined ? null : anchorTagOf(own.label)
  for (const { id } of managementKeys) {
    if (tag !== null && (await key.anchorTag({ owner, rootId: id })) === tag) return id
  }
  throw new VaultError('UNTRUSTED_MANAGEMENT_KEY', {
    detail: 'The recovery phrase is bound to none of the listed keys.',
  })
}

function unrevokedKeys(session: Session): Promise<DescribedTransactionKey[]> {
  const pages = pagesOf((after) => readKeyPage(session, { after, first: limits.batchMax }))
  return pages.toArray().then((keys) => keys.filter(({ state }) => state !== 'REVOKED'))
}

async function restore(
  session: Session,
  anchors: readonly string[],
  { keystore, label = 'Device', onProgress, ...options }: RestoreOptions & ConnectionOptions,
): Promise<RestoredVault> {
  const record = await keepKey(session, { keystore, anchors })
  const { owner, managementKey, clock } = session
  const publicKeys = await publicManagementKey(record)
  const endorsement = await signEndorsement(
    { ...publicKeys, kind: 'DEVICE' },
    { owner, managementKey, nowSeconds: clock.nowSeconds() },
  )
  const proof = await signProof(endorsement, record)
  const key = { ...publicKeys, id: record.id, label, kind: 'DEVICE', endorsement, proof } as const
  const report = await addManagementKey(session, key, { onProgress })
  return { vault: await openVault({ ...options, keystore }), report }
}

/** Stores the new key before it is registered. A repeated attempt of the same recovery uses the stored key. */
async function keepKey(
  { url, owner }: Session,
  { keystore, anchors }: { readonly keystore: Keystore; readonly anchors: readonly string[] },
): Promise<ManagementKeyRecord> {
  const kept = await keystore.load()
  if (kept !== null) {
    const isSame = kept.url === url && kept.owner === owner && String(kept.anchors) === String(anchors)
    if (!isSame) throw new VaultError('KEYSTORE_OCCUPIED')
    return kept
  }
  const { extractable } = keystore
  const key = await generateManagementKey({ extractable })
  const record = { ...key, url, owner, anchors }
  await keystore.save(record)
  return record
}
