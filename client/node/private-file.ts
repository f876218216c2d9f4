import { randomUUID } from 'node:crypto'
import { constants, type Stats } from 'node:fs'
import { link, mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { VaultError } from '../errors.ts'

/** The bits of a file's mode for group and others. Windows has none, and protects the user's profile. */
const othersBits = 0o077

const optionalFlags: Pick<typeof constants, 'O_RDONLY'> & Partial<typeof constants> = constants

/** Maximum size of a keystore in bytes; real ones are below 16 KiB. */
const keystoreBytesMax = 64 * 1024

/**
 * Reads a file that only its owner may read, and that belongs to this user or to root. It opens the file once, checks and
 * reads the same descriptor, and follows no symbolic link, so that the file cannot be exchanged in between.
 *
 * @returns null when there is none.
 * @throws {VaultError} KEYSTORE_EXPOSED, KEYSTORE_UNREADABLE.
 */
export async function readPrivateFile(
  path: string,
  { bytesMax = keystoreBytesMax }: { readonly bytesMax?: number } = {},
): Promise<string | null> {
  const file = await openUnlinked(path)
  if (file === null) return null
  try {
    const stats = await file.stat()
    if (!stats.isFile()) throw new VaultError('KEYSTORE_UNREADABLE', { detail: 'It is not a file.' })
    assertOwn(stats, path)
    if (stats.size > bytesMax) throw new VaultError('KEYSTORE_UNREADABLE', { detail: 'It is too large.' })
    return await file.readFile('utf8')
  } finally {
    await file.close()
  }
}

/** Null when there is no such file. */
async function openUnlinked(path: string): Promise<FileHandle | null> {
  // Windows has neither flag. Without O_NONBLOCK opening a named pipe would block.
  const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = optionalFlags
  try {
    return await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    if (codeOf(error) === 'ELOOP') {
      throw new VaultError('KEYSTORE_UNREADABLE', { detail: 'It is a symbolic link.' })
    }
    throw error
  }
}

function assertOwn({ mode, uid }: Stats, path: string): void {
  if (process.platform === 'win32') return
  if ((mode & othersBits) !== 0) {
    throw new VaultError('KEYSTORE_EXPOSED', { detail: `Its mode must be 0600: chmod 600 '${path}'` })
  }
  if (uid !== 0 && uid !== process.getuid?.()) {
    throw new VaultError('KEYSTORE_EXPOSED', { detail: 'It belongs to another user.' })
  }
}

/**
 * Writes a file of mode 0600, atomically and durably. An existing file is replaced only when `isReplacing` is true.
 *
 * @throws {VaultError} KEYSTORE_OCCUPIED.
 */
export async function writePrivateFile(
  path: string,
  { text, isReplacing }: { readonly text: string; readonly isReplacing: boolean },
): Promise<void> {
  const directory = dirname(path)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const temporary = join(directory, `.${randomUUID()}.tmp`)
  try {
    await writeDurably(temporary, text)
    // A link, unlike a rename, fails when the name is taken: of two first writers one fails.
    await (isReplacing ? rename(temporary, path) : link(temporary, path))
    await syncDirectory(directory)
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw new VaultError('KEYSTORE_OCCUPIED')
    throw error
  } finally {
    await rm(temporary, { force: true })
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Makes the file's name durable too. Windows cannot open a directory. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
