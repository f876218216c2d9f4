// Builds the console when there is none, or when a source is newer than it: before `npm start` in a checkout, and before tests.
import { mkdir, readdir, rmdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
/** A folder, because making one either succeeds or not: two that start at once must not build over each other. */
const lock = join(root, 'node_modules/.claviger-console-build')
/** A build takes seconds; a lock that is older was left by a process that died. */
const lockMsMax = 60_000

if (await isStale()) {
  await acquireLock()
  try {
    // Another process may have built it meanwhile.
    if (await isStale()) await buildConsole()
  } finally {
    await rmdir(lock)
  }
}

async function buildConsole() {
  // Also where a test starts it: React has another build for development.
  process.env.NODE_ENV = 'production'
  const { build } = await import('vite')
  console.log('Building the console…')
  await build({ configFile: join(root, 'client/console/vite.config.ts'), logLevel: 'warn' })
}

async function acquireLock() {
  for (;;) {
    const isMade = await mkdir(lock).then(
      () => true,
      () => false,
    )
    if (isMade) return
    const madeAt = await modifiedAt(lock)
    if (madeAt !== null && Date.now() - madeAt > lockMsMax) await rmdir(lock).catch(() => undefined)
    await setTimeout(100)
  }
}

async function isStale() {
  const builtAt = await modifiedAt(join(root, 'client/console/dist/index.html'))
  return builtAt === null || (await newestSource()) > builtAt
}

async function newestSource() {
  const folders = await Promise.all(
    ['client', 'schema/wire'].map(async (folder) =>
      (await readdir(join(root, folder), { recursive: true })).map((name) => join(folder, name)),
    ),
  )
  const isSource = (path) => !/\bdist\b/.test(path) && /\.(?:tsx?|css|html|svg|webmanifest)$/.test(path)
  const paths = ['package-lock.json', ...folders.flat().filter(isSource)]
  const times = await Promise.all(paths.map((path) => modifiedAt(join(root, path))))
  return Math.max(...times.map((time) => time ?? 0))
}

/** In milliseconds since 1970; null when there is no such file. */
async function modifiedAt(path) {
  const found = await stat(path).catch(() => null)
  return found?.mtimeMs ?? null
}
