import type { Keystore } from '../keystore/keystore.ts'
import { memoryKeystore } from '../keystore/memory.ts'

/** The store of a device's next management key, until it replaces the current one. */
export interface RotationStore extends Pick<Keystore, 'load' | 'save'> {
  /** Removes the record. Resolves also when there is none. */
  clear(): Promise<void>
}

/** A store in memory: after a crash the rotation starts over with another key. */
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
