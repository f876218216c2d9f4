import { codesOf } from '../error-codes.ts'

/**
 * Runs what reads or writes a file, and names the file in the system's errors.
 *
 * @throws Error in words
 */
export async function namingFile<T>(
  path: string,
  verb: 'read' | 'written',
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const [code] = codesOf(error)
    if (code === undefined || !(error instanceof Error)) throw error
    throw new Error(`${path} cannot be ${verb}: ${meanings.get(code) ?? error.message} (${code}).`, {
      cause: error,
    })
  }
}

const meanings = new Map(
  Object.entries({
    ENOSPC: 'the disk is full',
    EDQUOT: 'the quota of this user is used up',
    EFBIG: 'the file system takes no file of that size',
    ENOENT: 'it, or its directory, does not exist',
    ENOTDIR: 'a part of its path is no directory',
    ELOOP: 'links lead in a circle',
    EACCES: 'this user may not do that',
    EPERM: 'the system does not allow it',
    EROFS: 'the file system is read-only',
    EIO: 'the disk has a fault',
  }),
)
