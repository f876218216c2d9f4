/** The database that `indexedDbKeystore` keeps the management key in. */
const keystoreDatabase = 'claviger'

/** Erases this browser's management key for good, and begins anew. What only it could open is lost. */
export async function forgetThisBrowser(): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const request = indexedDB.deleteDatabase(keystoreDatabase)
    request.onsuccess = () => {
      resolve()
    }
    request.onerror = () => {
      reject(new TypeError('The database could not be deleted.'))
    }
  })
  location.assign('/')
}
