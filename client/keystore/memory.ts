import { VaultError } from '../errors.ts'
import { memoryTrustStore } from './trust-store.ts'
import type { Keystore, ManagementKeyRecord } from './keystore.ts'

/**
 * A keystore in memory, which ends with the process. For tests and short-lived keys.
 *
 * @param options.extractable whether the private keys may be exported. Default: false.
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
