import { generateManagementKey, publicManagementKey } from '../crypto/management-key.ts'
import { addManagementKey } from '../devices/add-key.ts'
import { revokeDevice } from '../devices/revoke.ts'
import { VaultError } from '../errors.ts'
import { anchorsMax, type Keystore, type ManagementKeyRecord } from '../keystore/keystore.ts'
import { openSession, type Session } from '../trust/session.ts'
import { signEndorsement, signProof } from '../trust/endorse.ts'
import { openVault, type Vault } from './vault.ts'
import { rewrapKeys, keysToRewrap, type RewrapOptions, type RewrapReport } from '../rotation/rewrap-keys.ts'
import type { RotationStore } from '../rotation/rotation-store.ts'
import type { ConnectionOptions } from '../transport/connection-options.ts'

export interface RotateManagementKeyOptions extends ConnectionOptions, RewrapOptions {
  /** The device's keystore. It gets the new key once every key is rewrapped for it. */
  readonly keystore: Keystore
  /** Stores the new key until then. It must be as durable as the keystore. */
  readonly pending: RotationStore
}

export interface RotatedManagementKey {
  /** The vault with the new key. */
  readonly vault: Vault
  readonly report: RewrapReport
}

/**
 * Replaces this device's management key: generates a new one, endorses it with the old one, rewraps every key for it, and
 * revokes the old one last. At any time each key can be opened with a management key in one of the two stores; after an
 * interruption the next call continues.
 *
 * @throws {VaultError} KEYSTORE_EMPTY; COPIES_MISSING when a key cannot be opened or verified: then the old management key
 *   stays; NETWORK, TIMEOUT.
 * @throws {KeyServerError} what the key server refuses, e.g. UNAUTHENTICATED when the key was revoked.
 */
export async function rotateManagementKey(
  options: RotateManagementKeyOptions,
): Promise<RotatedManagementKey> {
  const { keystore, pending } = options
  const current = await keystore.load()
  if (current === null) throw new VaultError('KEYSTORE_EMPTY')
  const kept = await pending.load()
  let report: RewrapReport = { rewrapped: 0, skipped: [] }
  // When the keystore has the new key already, only the revocation is missing.
  const isSwapped = kept?.id === current.id
  const next = isSwapped ? current : await nextKey(current, { keystore, pending, kept })
  if (!isSwapped) {
    const session = openSession(current, { ...options, trustStore: keystore.trustStore })
    report = await moveKeys(session, next, options)
    await keystore.save(next, { replacing: current.id })
  }
  await revokePredecessor(openSession(next, { ...options, trustStore: keystore.trustStore }))
  await pending.clear()
  return { vault: await openVault({ ...options, url: next.url }), report }
}

async function nextKey(
  { id, url, owner, anchors = [] }: ManagementKeyRecord,
  {
    keystore,
    pending,
    kept,
  }: { keystore: Keystore; pending: RotationStore; kept: ManagementKeyRecord | null },
): Promise<ManagementKeyRecord> {
  if (kept !== null) {
    if (kept.anchors?.[0] === id && kept.url === url && kept.owner === owner) return kept
    throw new VaultError('KEYSTORE_OCCUPIED', {
      detail: 'The rotation store has the successor of another management key.',
    })
  }
  const { extractable } = keystore
  const key = await generateManagementKey({ extractable })
  const next = { ...key, url, owner, anchors: [id, ...anchors].slice(0, anchorsMax) }
  await pending.save(next)
  return next
}

async function moveKeys(
  session: Session,
  next: ManagementKeyRecord,
  { onProgress }: RewrapOptions,
): Promise<RewrapReport> {
  const { owner, managementKey, clock, trust } = session
  const publicKeys = await publicManagementKey(next)
  const { account } = await trust.readAccount()
  const own = account.managementKeys.find(({ id }) => id === managementKey.id)
  const endorsement = await signEndorsement(
    { ...publicKeys, kind: 'DEVICE' },
    { owner, managementKey, nowSeconds: clock.nowSeconds() },
  )
  const proof = await signProof(endorsement, next)
  const label = own?.label ?? 'Device'
  const key = { ...publicKeys, id: next.id, label, kind: 'DEVICE', endorsement, proof } as const
  const report = await addManagementKey(session, key, { onProgress })
  // Keys that another device has stored meanwhile, before it knew of the new management key.
  const others = await rewrapKeys(session, { id: next.id, wrappingKey: next.wrapping.publicKey })
  const left = await keysToRewrap(session, next.id)
  if (left.length > 0) {
    const detail = `The old management key stays. ${String(left.length)} keys are not rewrapped: ${left
      .map(({ id }) => id)
      .slice(0, 10)
      .join(', ')}`
    throw new VaultError('COPIES_MISSING', { detail })
  }
  return { rewrapped: report.rewrapped + others.rewrapped, skipped: [] }
}

async function revokePredecessor(session: Session): Promise<void> {
  const [predecessor] = session.trust.anchors
  if (predecessor !== undefined) await revokeDevice(session, predecessor)
}
