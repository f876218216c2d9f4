import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Before the first test file: a place where the processes that tests start keep what Node makes of our sources. Without it
 * each command of the CLI strips the types of some 200 files again, which takes most of its time.
 */
export async function setup(): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), 'claviger-compile-cache-'))
  process.env['NODE_COMPILE_CACHE'] = directory
  return () => rm(directory, { recursive: true, force: true })
}
