import { randomBytes } from 'node:crypto'
import { chown, link, open, readFile, rm } from 'node:fs/promises'

/**
 * Reads the secret in a file, and creates the file when there is none: 256 random bits as base64url, readable only by `owner`
 * (by default the user of this process).
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

/** Writes a draft and links it into place: a crash leaves no half-written secret, and two starts at once use the same one. */
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
