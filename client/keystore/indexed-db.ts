import { VaultError } from '../errors.ts'
import { parseTrustState } from './trust-state.ts'
import type { TrustStore } from './trust-store.ts'
import type { Keystore, ManagementKeyRecord } from './keystore.ts'
import { settled, withObjectStore } from './object-store.ts'
import { parsePairingMembers } from './pairing-members.ts'

const storeName = 'management-key'
const recordKey = 'only'
const trustStateKey = 'trust'

/**
 * A keystore in the browser's IndexedDB. It stores WebCrypto keys that are not extractable: an injected script can use them
 * while it runs, and cannot copy them.
 *
 * @param options.name the database's name; default: `claviger`. One database holds one management key.
 */
export function indexedDbKeystore({ name = 'claviger' }: { name?: string } = {}): Keystore {
  return {
    extractable: false,
    trustStore: indexedDbTrustStore(name),
    load: () =>
      withObjectStore({ database: name, store: storeName }, 'readonly', async (store) => {
        const value: unknown = await settled(store.get(recordKey))
        return value === undefined ? null : parseRecord(value)
      }),
    save: (record, { replacing } = {}) =>
      withObjectStore({ database: name, store: storeName }, 'readwrite', async (store) => {
        // Read and write in one transaction: two tabs that save at once cannot both find the store empty.
        const kept: unknown = await settled(store.get(recordKey))
        const keptId = kept === undefined ? record.id : parseRecord(kept).id
        if (keptId !== record.id && keptId !== replacing) throw new VaultError('KEYSTORE_OCCUPIED')
        await settled(store.put(record, recordKey))
      }),
  }
}

/** The trust store beside a keystore in IndexedDB. */
export function indexedDbTrustStore(name: string): TrustStore {
  return {
    load: () =>
      withObjectStore({ database: name, store: storeName }, 'readonly', async (store) => {
        const value: unknown = await settled(store.get(trustStateKey))
        return value === undefined ? null : parseTrustState(value)
      }),
    save: (state) =>
      withObjectStore({ database: name, store: storeName }, 'readwrite', async (store) => {
        await settled(store.put(state, trustStateKey))
      }),
  }
}

function parseRecord(value: unknown): ManagementKeyRecord {
  const members = new Map<string, unknown>(
    typeof value === 'object' && value !== null ? Object.entries(value) : [],
  )
  const [url, owner, id] = [members.get('url'), members.get('owner'), members.get('id')]
  const [signing, wrapping] = [members.get('signing'), members.get('wrapping')]
  const isRecord = typeof url === 'string' && typeof owner === 'string' && typeof id === 'string'
  if (!isRecord || !isKeyPair(signing) || !isKeyPair(wrapping)) throw new VaultError('KEYSTORE_UNREADABLE')
  const secret = members.get('wrappingSecret')
  if (secret !== undefined && !(secret instanceof CryptoKey)) throw new VaultError('KEYSTORE_UNREADABLE')
  const paired = parsePairingMembers(members)
  return { url, owner, id, signing, wrapping, ...(secret && { wrappingSecret: secret }), ...paired }
}

function isKeyPair(value: unknown): value is CryptoKeyPair {
  if (typeof value !== 'object' || value === null) return false
  const members = new Map<string, unknown>(Object.entries(value))
  return members.get('privateKey') instanceof CryptoKey && members.get('publicKey') instanceof CryptoKey
}
