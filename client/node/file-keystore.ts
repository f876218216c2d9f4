import { VaultError } from '../errors.ts'
import type { Keystore, ManagementKeyRecord } from '../keystore/keystore.ts'
import { parseRecord, serializeRecord } from '../keystore/record-json.ts'
import { fileTrustStore } from './file-trust-store.ts'
import { readPrivateFile, writePrivateFile } from './private-file.ts'
import { openWithPassphrase, sealWithPassphrase } from './passphrase.ts'

export interface FileKeystoreOptions {
  /** The file. A missing directory is created with mode 0700. */
  readonly path: string
  /**
   * Encrypts the file. A function is called when the passphrase is first needed, and its result kept in memory. Default: the
   * file is plain JSON, protected by its mode alone.
   */
  readonly passphrase?: string | (() => Promise<string>) | undefined
}

/**
 * A keystore in a file of mode 0600: JSON with JWKs or, with a passphrase, a JWE of it. The file is written atomically, and is
 * on the disk when `save` resolves. The trust state of the device is in a second file, with `.trust` after the name.
 *
 * @throws {VaultError} from `load` and `save`: KEYSTORE_EXPOSED when other users can read the file, KEYSTORE_LOCKED when its
 *   passphrase is missing or wrong, and KEYSTORE_UNREADABLE when it contains no management key.
 */
export function fileKeystore({ path, passphrase }: FileKeystoreOptions): Keystore {
  const askPassphrase = once(passphrase)

  async function load(): Promise<ManagementKeyRecord | null> {
    const text = await readPrivateFile(path)
    return text === null ? null : parseRecord(await openWithPassphrase(text, askPassphrase))
  }

  return {
    extractable: true,
    trustStore: fileTrustStore(`${path}.trust`),
    load,
    save: async (record, { replacing } = {}) => {
      const kept = await load()
      if (kept !== null && kept.id !== record.id && kept.id !== replacing)
        throw new VaultError('KEYSTORE_OCCUPIED')
      const text = await sealWithPassphrase(await serializeRecord(record), askPassphrase)
      // A file that was created since `load` is never replaced.
      await writePrivateFile(path, { text, isReplacing: kept !== null })
    },
  }
}

/** Null when there is no passphrase. */
function once(passphrase: FileKeystoreOptions['passphrase']): (() => Promise<string>) | null {
  if (passphrase === undefined) return null
  let answer: Promise<string> | null = null
  return () => (answer ??= typeof passphrase === 'string' ? Promise.resolve(passphrase) : passphrase())
}
