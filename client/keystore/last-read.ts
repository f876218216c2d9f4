import { VaultError } from '../errors.ts'
import { settled, withObjectStore } from './object-store.ts'

/** The last reading of one thing, for when the key server is out of reach. */
export interface LastRead<T> {
  /** Undefined: nothing was read, or this browser keeps nothing. */
  readonly get: () => Promise<T | undefined>
  readonly put: (value: T) => void
}

const place = { database: 'claviger-reads', store: 'reads' }
/** Another one wherever what is kept has another shape: older values are not found then. */
const version = 1

/** Keeps what a page reads of an account in IndexedDB. Pages read descriptions: there is no secret among them. */
export function lastRead<T extends object>(managementKeyId: string, name: string): LastRead<T> {
  // That it is a `T` is the word of this page, which wrote it under this name and version.
  const isWritten = (value: unknown): value is T => typeof value === 'object' && value !== null
  const key = `${String(version)}/${managementKeyId}/${name}`
  return {
    get: () =>
      withObjectStore(place, 'readonly', async (store) => {
        const value: unknown = await settled(store.get(key))
        return isWritten(value) ? value : undefined
      }).catch(() => undefined),
    put: (value) => {
      // It only helps: a full disk must not keep anybody from reading.
      withObjectStore(place, 'readwrite', (store) => settled(store.put(value, key))).catch(() => undefined)
    },
  }
}

/** Whether the key server was not reached. A refusal is an answer, and shows nothing that was read before. */
export function isOutOfReach(error: unknown): boolean {
  return error instanceof VaultError && (error.code === 'NETWORK' || error.code === 'TIMEOUT')
}
