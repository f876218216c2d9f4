import type { CursorStore } from '../alerts/cursor-store.ts'
import { readPrivateFile, writePrivateFile } from './private-file.ts'

/**
 * Keeps an alert stream's place in a file of mode 0600, written whole or not at all. A cursor is no secret.
 *
 * @throws {VaultError} from its methods: KEYSTORE_UNREADABLE, KEYSTORE_EXPOSED.
 */
export function fileCursorStore({ path }: { path: string }): CursorStore {
  return {
    load: async () => {
      const text = (await readPrivateFile(path))?.trim() ?? ''
      return text === '' ? null : text
    },
    save: (cursor) => writePrivateFile(path, { text: `${cursor}\n`, isReplacing: true }),
  }
}
