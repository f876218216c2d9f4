import { VaultError } from '../errors.ts'
import type { Keystore, ManagementKeyRecord } from '../keystore/keystore.ts'
import { fileTrustStore } from './file-trust-store.ts'
import { readPrivateFile, writePrivateFile } from './private-file.ts'
import { openSealed, sealed } from './passphrase.ts'
import { parseRecord, serializeRecord } from './record-json.ts'

export interface FileKeystoreOptions {
  /** The file. Its directory is made, readable by its owner alone, when it does not exist. */
  readonly path: string
  /**
   * Encrypts the file. A function is asked when the passphrase is first needed, and its answer kept in memory.
   * Default: the file is plain JSON, which its mode alone protects.
   */
  readonly passphrase?: string | (() => Promise<string>) | undefined
}

/**
 * A keystore in one file of mode 0600: JSON of JWKs or, with a passphrase, a JWE around it. The file is written whole
 * or not at all, and is on the disk when `save` resolves. What the device remembers of its key server is in a second file, whose name ends
 * in `.memory`.
 *
 * @throws {VaultError} from `load` and `save`: KEYSTORE_EXPOSED when others could read the file, KEYSTORE_LOCKED when its
 *   passphrase is missing or wrong, and KEYSTORE_UNREADABLE when it holds no management key.
 */
export function fileKeystore({ path, passphrase }: FileKeystoreOptions): Keystore {
  const askPassphrase = once(passphrase)

  async function load(): Promise<ManagementKeyRecord | null> {
    const text = await readPrivateFile(path)
    return text === null ? null : parseRecord(await openSealed(text, askPassphrase))
  }

  return {
    extractable: true,
    trustStore: fileTrustStore(`${path}.memory`),
    load,
    save: async (record, { replacing } = {}) => {
      const kept = await load()
      if (kept !== null && kept.id !== record.id && kept.id !== replacing)
        throw new VaultError('KEYSTORE_OCCUPIED')
      const text = await sealed(await serializeRecord(record), askPassphrase)
      // A file that came into being since `load` looked belongs to somebody else.
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
