import { VaultError } from '../errors.ts'

/** An object store of an IndexedDB database; both are created when they are missing. */
export interface ObjectStoreName {
  readonly database: string
  readonly store: string
}

/**
 * Runs `work` in one transaction on an object store, and resolves when that is committed.
 *
 * @throws {VaultError} KEYSTORE_UNREADABLE when IndexedDB refuses; RUNTIME_UNSUPPORTED when there is none.
 */
export async function withObjectStore<T>(
  { database: name, store }: ObjectStoreName,
  mode: IDBTransactionMode,
  work: (store: IDBObjectStore) => Promise<T>,
): Promise<T> {
  const database = await openDatabase(name, store)
  try {
    const transaction = database.transaction(store, mode, { durability: 'strict' })
    const committed = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => {
        resolve()
      }
      transaction.onabort = () => {
        reject(unreadable(transaction.error))
      }
    })
    // When `work` fails its error is thrown, and this rejection is handled here.
    committed.catch(() => undefined)
    const result = await work(transaction.objectStore(store))
    await committed
    return result
  } finally {
    database.close()
  }
}

/** The result of a request to IndexedDB. */
export function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => {
      resolve(request.result)
    }
    request.onerror = () => {
      reject(unreadable(request.error))
    }
  })
}

function openDatabase(name: string, store: string): Promise<IDBDatabase> {
  if (!('indexedDB' in globalThis)) {
    throw new VaultError('RUNTIME_UNSUPPORTED', { detail: 'It has no IndexedDB: give another keystore.' })
  }
  const request = indexedDB.open(name, 1)
  request.onupgradeneeded = () => {
    request.result.createObjectStore(store)
  }
  return settled(request)
}

function unreadable(cause: DOMException | null): VaultError {
  return new VaultError('KEYSTORE_UNREADABLE', {
    detail: `IndexedDB failed with ${cause?.name ?? 'no error'}.`,
  })
}
