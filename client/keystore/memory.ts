import { VaultError } from '../errors.ts'
import { memoryTrustStore } from './trust-store.ts'
import type { Keystore, ManagementKeyRecord } from './keystore.ts'

/**
 * A keystore that forgets everything with the process. For tests, and for keys that are not meant to last.
 *
 * @param options.extractable whether the private keys may be exported; false unless told.
 */
export function memoryKeystore({ extractable = false }: { extractable?: boolean } = {}): Keystore {
  let kept: ManagementKeyRecord | null = null
  return {
    extractable,
    trustStore: memoryTrustStore(),
    load: () => Promise.resolve(kept),
    save: (record, { replacing } = {}) => {
      if (kept !== null && kept.id !== record.id && kept.id !== replacing)
        return Promise.reject(new VaultError('KEYSTORE_OCCUPIED'))
      kept = record
      return Promise.resolve()
    },
  }
}
