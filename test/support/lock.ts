import { mkdir, rmdir, stat } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'

/** Work under a lock takes seconds; an older lock was left by a process that died. */
const lockMsMax = 60_000

/** Does something that test files, which are processes of their own, must not do at once. `path` is a folder that is none. */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  while (!(await isMade(path))) {
    const madeAt = await stat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => null,
    )
    if (madeAt !== null && Date.now() - madeAt > lockMsMax) await rmdir(path).catch(() => undefined)
    await setTimeout(100)
  }
  try {
    return await work()
  } finally {
    await rmdir(path)
  }
}

function isMade(path: string): Promise<boolean> {
  return mkdir(path).then(
    () => true,
    () => false,
  )
}
