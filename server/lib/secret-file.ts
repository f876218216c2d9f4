import { randomBytes } from 'node:crypto'
import { chown, link, open, readFile, rm } from 'node:fs/promises'

/**
 * Reads the secret that the file holds, after creating it on first need: 256 random bits as base64url, readable by
 * nobody but `owner` (by default the user of this process).
 */
export async function readOrCreateSecret(
  file: string,
  { owner }: { owner?: { readonly uid: number; readonly gid: number } | undefined } = {},
): Promise<string> {
  const found = await readSecret(file)
  if (found !== undefined) return found
  await createSecret(file, owner)
  const created = await readSecret(file)
  if (created === undefined) throw new Error(`The secret file ${file} could not be created.`)
  return created
}

async function readSecret(file: string): Promise<string | undefined> {
  try {
    const secret = (await readFile(file, 'utf8')).trim()
    if (secret === '') throw new Error(`The secret file ${file} is empty.`)
    return secret
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** Written aside and linked into place: no crash leaves half a secret, and of two starts at once both get the first's. */
async function createSecret(
  file: string,
  owner: { readonly uid: number; readonly gid: number } | undefined,
): Promise<void> {
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  try {
    const handle = await open(draft, 'wx', 0o600)
    try {
      await handle.writeFile(`${randomBytes(32).toString('base64url')}\n`)
      await handle.sync()
    } finally {
      await handle.close()
    }
    if (owner !== undefined) await chown(draft, owner.uid, owner.gid)
    await link(draft, file).catch((error: unknown) => {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    })
  } finally {
    await rm(draft, { force: true })
  }
}
