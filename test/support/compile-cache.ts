import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

/**
 * Before the first test file: a place where the processes that tests start keep what Node makes of our sources. Without it
 * each command of the CLI strips the types of some 200 files again, which takes most of its time. It stays for the next
 * run, and `npm ci` removes it.
 */
export async function setup(): Promise<void> {
  await mkdir(directory, { recursive: true })
  for (const name of await readdir(directory)) {
    const { mtimeMs } = await stat(`${directory}/${name}`)
    // Node keeps an entry for each version of a source that ever ran.
    if (Date.now() - mtimeMs > keptMs) await rm(`${directory}/${name}`, { recursive: true, force: true })
  }
  process.env['NODE_COMPILE_CACHE'] = directory
}

const directory = fileURLToPath(new URL('../../node_modules/.cache/claviger-tests', import.meta.url))
const keptMs = 7 * 86_400_000
