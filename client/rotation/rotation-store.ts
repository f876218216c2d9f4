import type { Keystore } from '../keystore/keystore.ts'
import { memoryKeystore } from '../keystore/memory.ts'

/** Where the next management key of a device is kept until it takes the place of the present one. */
export interface RotationStore extends Pick<Keystore, 'load' | 'save'> {
  /** Forgets it. Nothing to forget is no failure. */
  clear(): Promise<void>
}

/** A store that forgets with the process: after a crash the rotation begins with another key. */
export function memoryRotationStore(): RotationStore {
  let store = memoryKeystore()
  return {
    load: () => store.load(),
    save: (record) => store.save(record),
    clear: () => {
      store = memoryKeystore()
      return Promise.resolve()
    },
  }
}
