import { lstat, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { OperatingUser } from './run-program.ts'

const othersAny = 0o007

/**
 * Makes sure that no other user of the machine has made the data directory, or put something into it: they would know the
 * password, read what is stored, or have programs of theirs run.
 *
 * @param options.trusted users besides root and this process's own, such as the one that PostgreSQL runs as
 * @throws Error in words, naming the path and its owner
 */
export async function assertTrustworthy(
  directory: string,
  { trusted }: { readonly trusted: readonly OperatingUser[] },
): Promise<void> {
  const ourUid = process.getuid?.()
  if (ourUid === undefined) return
  const uids = new Set([0, ourUid, ...trusted.map(({ uid }) => uid)])
  // A link's owner counts too: they can make it lead elsewhere.
  for (const found of [await lstat(directory), await stat(directory)]) {
    if (!uids.has(found.uid)) throw new Error(ownedByAnother(directory, found.uid))
  }
  for (const name of await readdir(directory)) {
    if (!/^(password|postgres.*)$/.test(name)) continue
    const path = join(directory, name)
    const { uid, mode } = await lstat(path)
    if (!uids.has(uid)) throw new Error(ownedByAnother(path, uid))
    if (name === 'password' && (mode & othersAny) !== 0) {
      throw new Error(
        `Every user of this machine may read the password in ${path}. If only you did so far, forbid it with ` +
          `"chmod 600 ${path}".`,
      )
    }
  }
}

function ownedByAnother(path: string, uid: number): string {
  return (
    `${path} belongs to the user with id ${String(uid)}, who could read or change all that is stored there. Run the key ` +
    `server as that user, choose another DATA_DIR, or, if you made it yourself, make it yours with "chown".`
  )
}
