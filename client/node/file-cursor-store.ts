import type { CursorStore } from '../alerts/cursor-store.ts'
import { readPrivateFile, writePrivateFile } from './private-file.ts'

/**
 * A store of an alert stream's cursor in a file of mode 0600, written atomically. A cursor is not secret.
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
