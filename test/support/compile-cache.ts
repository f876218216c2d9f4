import { execFile } from 'node:child_process'
import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/**
 * Before the first test file: a place where the processes that tests start keep what Node makes of our sources. Without it
 * each command of the CLI strips the types of some 200 files again, which takes most of its time. It stays for the next
 * run, and `npm ci` removes it.
 */
export async function setup(): Promise<void> {
  await mkdir(directory, { recursive: true })
  process.env['NODE_COMPILE_CACHE'] = directory
  const names = await readdir(directory)
  // Node writes the cache as a process ends: one that a test kills would leave none, and its successors strip types anew.
  if (names.length === 0) {
    const env = { NODE_COMPILE_CACHE: directory }
    await promisify(execFile)(process.execPath, [server, 'serve', '--check-config'], { env })
  }
  for (const name of names) {
    const { mtimeMs } = await stat(`${directory}/${name}`)
    // Node keeps an entry for each version of a source that ever ran.
    if (Date.now() - mtimeMs > keptMs) await rm(`${directory}/${name}`, { recursive: true, force: true })
  }
}

const directory = fileURLToPath(new URL('../../node_modules/.cache/claviger-tests', import.meta.url))
const server = fileURLToPath(new URL('../../client/bin/claviger.js', import.meta.url))
const keptMs = 7 * 86_400_000
