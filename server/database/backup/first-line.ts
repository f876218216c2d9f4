import type { FileHandle } from 'node:fs/promises'
import { UnusableBackup } from './archive.ts'

/**
 * The first line of a backup has its format, and the SHA-256 of all bytes that follow. Those are gzip, so that without this
 * program `tail -n +2 FILE | sha256sum` checks them and `tail -n +2 FILE | gunzip` shows them.
 */
export function firstLineOf(sha256: string): string {
  return `${beginning}${String(format)} sha256:${sha256}\n`
}

const beginning = 'claviger-backup '
const format = 1
export const firstLineBytes = firstLineOf('0'.repeat(64)).length

/** Whether a file is a backup, complete or not. */
export async function isBackup(file: FileHandle): Promise<boolean> {
  return (await readStart(file)).startsWith(beginning)
}

/**
 * Reads the checksum.
 *
 * @throws {UnusableBackup} when it is no backup, of another format, or damaged
 */
export async function readChecksum(file: FileHandle): Promise<string> {
  const line = await readStart(file)
  const [, written, sha256] = /^claviger-backup (\d{1,6}) (?:sha256:([0-9a-f]{64})\n$)?/.exec(line) ?? []
  // Only the beginning is known of a later format.
  if (Number(written) > format) {
    throw new UnusableBackup('is of a newer format: use the version of this program that wrote it')
  }
  if (written === String(format) && sha256 !== undefined) return sha256
  throw new UnusableBackup(
    line.startsWith(beginning) ? 'is not whole: its first line is damaged' : 'is no backup of a key server',
  )
}

async function readStart(file: FileHandle): Promise<string> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(firstLineBytes), 0, firstLineBytes, 0)
  return buffer.toString('latin1', 0, bytesRead)
}
