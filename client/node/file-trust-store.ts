import { VaultError } from '../errors.ts'
import { parseTrustState } from '../keystore/trust-state.ts'
import type { TrustStore } from '../keystore/trust-store.ts'
import { readPrivateFile, writePrivateFile } from './private-file.ts'

/** 4,096 transaction keys of some 90 bytes, as many management keys, and room. */
const bytesMax = 2 * 1024 * 1024

/**
 * What a device remembers, in a file of mode 0600 beside its keystore: JSON, in plain, because it holds no secret. It is
 * written whole or not at all. Of two processes that write at once, one may have to see again what it has seen.
 */
export function fileTrustStore(path: string): TrustStore {
  return {
    load: async () => {
      const text = await readPrivateFile(path, { bytesMax })
      return text === null ? null : parseTrustState(parseJson(text))
    },
    save: (record) => writePrivateFile(path, { text: `${JSON.stringify(record)}\n`, isReplacing: true }),
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new VaultError('KEYSTORE_UNREADABLE', { detail: 'What it remembers of the key server is no JSON.' })
  }
}
