/** The databases that a management key may be kept in, each with its trust state, and what was read with it. */
const databases = ['claviger', 'claviger-passkey', 'claviger-reads']

/** The rest that this browser keeps of an account: documents of the API explorer. */
const storageKeys = ['claviger-explorer']

/** Erases this browser's management key for good, and begins anew. Keys that only it could open are lost. */
export async function forgetThisBrowser(): Promise<void> {
  for (const name of databases) await deleteDatabase(name)
  for (const key of storageKeys) localStorage.removeItem(key)
  location.assign('/')
}

function deleteDatabase(name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name)
    request.onsuccess = () => {
      resolve()
    }
    request.onerror = () => {
      reject(new TypeError('The database could not be deleted.'))
    }
  })
}
