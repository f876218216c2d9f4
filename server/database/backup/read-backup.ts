import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { open, stat, type FileHandle } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { UnusableBackup } from './archive.ts'
import { drain } from './drain.ts'
import { firstLineBytes, readChecksum } from './first-line.ts'
import { namingFile } from './naming-file.ts'

/** A backup whose checksum is right. */
export interface CheckedBackup {
  readonly sha256: string
  /** Its content. The last step throws {@link UnusableBackup} when the file was changed since it was checked. */
  read(): AsyncIterable<Buffer>
}

/**
 * Opens a backup, and compares all of it with its checksum before `work` begins.
 *
 * @throws Error in words: there is no such file, it is not a backup, its format is newer, or it is damaged
 */
export async function withBackup<T>(
  path: string,
  work: (backup: CheckedBackup) => Promise<T>,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<T> {
  // Asked before it is opened: a pipe would wait for a writer.
  if (!(await namingFile(path, 'read', () => stat(path))).isFile()) {
    throw new Error(`${path} is no regular file. A backup is read twice: copy it to a file first.`)
  }
  const file = await namingFile(path, 'read', () => open(path, constants.O_RDONLY | constants.O_NONBLOCK))
  try {
    const sha256 = await readChecksum(file)
    const read = () => readChecked(file, { sha256, signal })
    await drain(read())
    return await work({ sha256, read: () => decompress(read()) })
  } catch (error) {
    throw error instanceof UnusableBackup ? new Error(`${path} ${error.message}.`, { cause: error }) : error
  } finally {
    await file.close()
  }
}

/** All bytes after the first line. The last step throws when they are not those of the checksum. */
async function* readChecked(
  file: FileHandle,
  { sha256, signal }: { readonly sha256: string; readonly signal: AbortSignal | undefined },
): AsyncGenerator<Buffer> {
  const hash = createHash('sha256')
  for (let at = firstLineBytes; ;) {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(chunkBytes), 0, chunkBytes, at)
    signal?.throwIfAborted()
    if (bytesRead === 0) break
    at += bytesRead
    const bytes = buffer.subarray(0, bytesRead)
    hash.update(bytes)
    yield bytes
  }
  if (hash.digest('hex') !== sha256) {
    throw new UnusableBackup('is not whole: it was cut off or changed, since its checksum does not match')
  }
}

const chunkBytes = 256 * 1024

async function* decompress(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const gunzip = createGunzip()
  const filled = pipeline(bytes, gunzip)
  filled.catch(() => undefined)
  const chunks: AsyncIterable<Buffer> = gunzip
  try {
    yield* chunks
  } catch (error) {
    if (error instanceof UnusableBackup) throw error
    throw new UnusableBackup('cannot be decompressed', { cause: error })
  }
  // The checksum comes after the last byte.
  await filled
}
