import { VaultError } from '../errors.ts'
import { parseTrustState } from '../keystore/trust-state.ts'
import type { TrustStore } from '../keystore/trust-store.ts'
import { readPrivateFile, writePrivateFile } from './private-file.ts'

/** Maximum size in bytes: 4,096 transaction keys of some 90 bytes, as many management keys, and a margin. */
const bytesMax = 2 * 1024 * 1024

/**
 * The trust store of a device, in a file of mode 0600 beside its keystore: plain JSON, because it contains no secret. It is
 * written atomically. When two processes write at once, the state of one of them can be lost until it is seen again.
 */
export function fileTrustStore(path: string): TrustStore {
  return {
    load: async () => {
      const text = await readPrivateFile(path, { bytesMax })
      return text === null ? null : parseTrustState(parseJson(text))
    },
    save: (state) => writePrivateFile(path, { text: `${JSON.stringify(state)}\n`, isReplacing: true }),
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new VaultError('KEYSTORE_UNREADABLE', { detail: 'Its trust state is not JSON.' })
  }
}
