import { randomBytes } from 'node:crypto'
import { chown, link, open, readFile, rm } from 'node:fs/promises'
import type { OperatingUser } from './operating-user.ts'

/**
 * Reads the database password that the file holds, after creating it on first need: 256 random bits, readable by
 * nobody but the operating user (whose `initdb` reads it).
 */
export async function readOrCreatePassword(file: string, user: OperatingUser | undefined): Promise<string> {
  return (await readPassword(file)) ?? (await createPassword(file, user))
}

async function readPassword(file: string): Promise<string | undefined> {
  try {
    const password = (await readFile(file, 'utf8')).trim()
    if (password === '') throw new Error(`The password file ${file} is empty.`)
    return password
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** Written aside and linked into place: no crash leaves half a password, and of two starts at once both get the first's. */
async function createPassword(file: string, user: OperatingUser | undefined): Promise<string> {
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  try {
    const handle = await open(draft, 'wx', 0o600)
    try {
      await handle.writeFile(`${randomBytes(32).toString('base64url')}\n`)
      await handle.sync()
    } finally {
      await handle.close()
    }
    if (user !== undefined) await chown(draft, user.uid, user.gid)
    await link(draft, file).catch((error: unknown) => {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    })
  } finally {
    await rm(draft, { force: true })
  }
  const password = await readPassword(file)
  if (password === undefined) throw new Error(`The password file ${file} could not be created.`)
  return password
}
