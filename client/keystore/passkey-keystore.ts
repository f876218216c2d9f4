import { CompactEncrypt, compactDecrypt } from 'jose'
import { VaultError } from '../errors.ts'
import { indexedDbTrustStore } from './indexed-db.ts'
import type { Keystore, ManagementKeyRecord } from './keystore.ts'
import { settled, withObjectStore } from './object-store.ts'
import { parsePairingMembers } from './pairing-members.ts'
import { createPasskey, sealingKeyOf, type Passkey } from './passkey-prf.ts'
import { parseRecord, serializeRecord } from './record-json.ts'

export { canUsePasskey } from './passkey-prf.ts'

export interface PasskeyKeystoreOptions {
  /** The IndexedDB database's name. Default: `claviger-passkey`. One database holds one management key. */
  readonly name?: string | undefined
  /** The passkey's domain: the page's, or one that the page's ends in. Default: the page's. */
  readonly rpId?: string | undefined
}

export interface PasskeyKeystore extends Keystore {
  /**
   * Says which owner its key is for, without asking for the passkey; null when it is empty.
   *
   * @throws {VaultError} KEYSTORE_UNREADABLE.
   */
  describe(): Promise<Pick<ManagementKeyRecord, 'url' | 'owner' | 'id'> | null>
}

/** The stored form: the record's secrets, encrypted, beside its public members. */
interface SealedRecord extends Pick<ManagementKeyRecord, 'url' | 'owner' | 'id' | 'anchors' | 'kind'> {
  readonly passkey: Passkey
  /** Compact JWE (`dir`, A256GCM) of the record's text form. */
  readonly sealed: string
}

const recordKey = 'only'

/**
 * A keystore in the browser's IndexedDB whose secrets are encrypted with a key that only a passkey gives (WebAuthn
 * Level 3 §10.1.4, `prf`). The browser asks for the passkey when a management key is first saved, and once for each
 * page that loads it. Loaded keys are not extractable; those that were just made are, until the vault is opened anew.
 *
 * @throws {VaultError} from `load` and `save`: RUNTIME_UNSUPPORTED when the browser or the passkey has no `prf`, KEYSTORE_LOCKED
 *   when the passkey was not given, KEYSTORE_UNREADABLE. Ask {@link canUsePasskey} before.
 */
export function passkeyKeystore({
  name = 'claviger-passkey',
  rpId,
}: PasskeyKeystoreOptions = {}): PasskeyKeystore {
  const place = { database: name, store: 'management-key' }
  /** For the page's life: a second load does not ask again. */
  let unlocked: { readonly record: ManagementKeyRecord; readonly sealingKey: CryptoKey } | null = null

  const read = () =>
    withObjectStore(place, 'readonly', async (store) => {
      const value: unknown = await settled(store.get(recordKey))
      return value === undefined ? null : parseSealed(value)
    })

  const unlock = async (stored: SealedRecord) => {
    if (unlocked?.record.id !== stored.id) {
      const sealingKey = await sealingKeyOf(stored.passkey, rpId)
      unlocked = { sealingKey, record: await openRecord(stored.sealed, sealingKey) }
    }
    return unlocked
  }

  return {
    extractable: true,
    trustStore: indexedDbTrustStore(name),
    describe: async () => {
      const stored = await read()
      return stored && { url: stored.url, owner: stored.owner, id: stored.id }
    },
    load: async () => {
      const stored = await read()
      if (stored === null) return null
      const { record } = await unlock(stored)
      return { ...record, ...publicPartOf(stored) }
    },
    save: async (record, { replacing } = {}) => {
      const stored = await read()
      assertMayReplace(stored, record, replacing)
      const next =
        stored?.id === record.id ? { ...stored, ...publicPartOf(record) } : await seal(record, stored)
      await withObjectStore(place, 'readwrite', async (store) => {
        // Another tab may have stored a key while this one asked for the passkey.
        const now: unknown = await settled(store.get(recordKey))
        assertMayReplace(now === undefined ? null : parseSealed(now), record, replacing)
        await settled(store.put(next, recordKey))
      })
    },
  }

  /** A key that takes another's place is sealed for the same passkey. */
  async function seal(record: ManagementKeyRecord, stored: SealedRecord | null): Promise<SealedRecord> {
    const { passkey, sealingKey } =
      stored === null
        ? await createPasskey({ owner: record.owner, rpId })
        : { passkey: stored.passkey, sealingKey: (await unlock(stored)).sealingKey }
    const sealed = await sealRecord(record, sealingKey)
    unlocked = { sealingKey, record: await openRecord(sealed, sealingKey) }
    return { ...publicPartOf(record), passkey, sealed }
  }
}

function assertMayReplace(
  stored: SealedRecord | null,
  { id }: ManagementKeyRecord,
  replacing: string | undefined,
): void {
  if (stored !== null && stored.id !== id && stored.id !== replacing) {
    throw new VaultError('KEYSTORE_OCCUPIED')
  }
}

function publicPartOf({ url, owner, id, anchors, kind }: Omit<ManagementKeyRecord, 'signing' | 'wrapping'>) {
  return { url, owner, id, ...(anchors && { anchors }), ...(kind && { kind }) }
}

async function sealRecord(record: ManagementKeyRecord, key: CryptoKey): Promise<string> {
  return new CompactEncrypt(new TextEncoder().encode(await serializeRecord(record)))
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
    .encrypt(key)
}

async function openRecord(sealed: string, key: CryptoKey): Promise<ManagementKeyRecord> {
  let plaintext: Uint8Array
  try {
    const options = { keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A256GCM'] }
    plaintext = (await compactDecrypt(sealed, key, options)).plaintext
  } catch {
    throw new VaultError('KEYSTORE_LOCKED')
  }
  return parseRecord(new TextDecoder().decode(plaintext), { extractable: false })
}

function parseSealed(value: unknown): SealedRecord {
  const members = membersOf(value)
  const [url, owner, id] = [members.get('url'), members.get('owner'), members.get('id')]
  const [sealed, passkey] = [members.get('sealed'), membersOf(members.get('passkey'))]
  const [credentialId, salt] = [passkey.get('credentialId'), passkey.get('salt')]
  const isRecord = typeof url === 'string' && typeof owner === 'string' && typeof id === 'string'
  const isSealed = typeof sealed === 'string' && isBytes(credentialId) && isBytes(salt)
  if (!isRecord || !isSealed) throw new VaultError('KEYSTORE_UNREADABLE')
  return { url, owner, id, sealed, passkey: { credentialId, salt }, ...parsePairingMembers(members) }
}

function isBytes(value: unknown): value is Uint8Array<ArrayBuffer> {
  return value instanceof Uint8Array
}

function membersOf(value: unknown): ReadonlyMap<string, unknown> {
  return new Map<string, unknown>(typeof value === 'object' && value !== null ? Object.entries(value) : [])
}
