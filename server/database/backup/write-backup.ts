import { createHash, randomBytes } from 'node:crypto'
import { constants, lstatSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { syncDirectory } from '../../lib/sync-directory.ts'
import { firstLineBytes, firstLineOf, isBackup } from './first-line.ts'
import { namingFile } from './naming-file.ts'

export interface WrittenBackup {
  readonly bytes: number
  /** Over all bytes but the first line. */
  readonly sha256: string
}

/**
 * Writes a backup, compressed and readable by its owner only, beside its path, and moves it there when it is complete and on
 * the disk. A backup that exists there is replaced only then, and remains when anything fails. Another file is never
 * replaced.
 *
 * @throws Error in words when the path is taken or cannot be written; else that of `content`
 */
export async function writeBackup(
  path: string,
  content: AsyncIterable<Buffer>,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<WrittenBackup> {
  await assertReplaceable(path)
  const draft = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`)
  const file = await namingFile(path, 'written', () => open(draft, 'wx', 0o600))
  try {
    const hash = createHash('sha256')
    let bytes = firstLineBytes
    const writeAll = async (chunks: AsyncIterable<Buffer>) => {
      for await (const chunk of chunks) {
        signal?.throwIfAborted()
        hash.update(chunk)
        bytes += chunk.length
        await namingFile(path, 'written', () => file.writeFile(chunk))
      }
    }
    await namingFile(path, 'written', () => file.writeFile(firstLineOf('0'.repeat(64))))
    await pipeline(content, createGzip(), writeAll)
    const sha256 = hash.digest('hex')
    await namingFile(path, 'written', async () => {
      await file.write(firstLineOf(sha256), 0)
      await file.sync()
    })
    await assertReplaceable(path)
    await namingFile(path, 'written', () => rename(draft, path))
    await syncDirectory(dirname(path))
    return { bytes, sha256 }
  } finally {
    await file.close()
    await rm(draft, { force: true })
  }
}

/** There may be nothing, or a backup: another file that is named by mistake is kept. Links are not followed. */
async function assertReplaceable(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined) return
  if (found.isDirectory()) throw new Error(`${path} is a directory: name a file in it.`)
  if (!found.isFile()) throw new Error(`${path} is a link or a device: a backup is written to a file only.`)
  const file = await namingFile(path, 'written', () => open(path, constants.O_RDONLY | constants.O_NONBLOCK))
  try {
    if (found.size === 0 || (await isBackup(file))) return
  } finally {
    await file.close()
  }
  throw new Error(`${path} exists and is no backup: choose another name, so that nothing is lost.`)
}
