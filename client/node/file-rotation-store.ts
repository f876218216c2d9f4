import { rm } from 'node:fs/promises'
import type { RotationStore } from '../rotation/rotation-store.ts'
import { fileKeystore, type FileKeystoreOptions } from './file-keystore.ts'

/**
 * A {@link RotationStore} beside a file keystore: in the same format and with the same passphrase, with `.next` after the name.
 *
 * @throws {VaultError} from its methods, as those of `fileKeystore`.
 */
export function fileRotationStore({ path, passphrase }: FileKeystoreOptions): RotationStore {
  const nextPath = `${path}.next`
  const store = fileKeystore({ path: nextPath, passphrase })
  return {
    load: () => store.load(),
    save: (record) => store.save(record),
    clear: () => rm(nextPath, { force: true }),
  }
}
