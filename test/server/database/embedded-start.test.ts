import { execFile, spawn } from 'node:child_process'
import { chmod, chown, mkdir, mkdtemp, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, expect, test } from 'vitest'
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../../server/database/embedded/index.ts'
import { openPostgres } from '../../../server/database/open-postgres.ts'

const isRoot = process.getuid?.() === 0
if (!isRoot) process.stdout.write('Skipped: tests with other users of the machine need root.\n')
const isLinux = process.platform === 'linux'
const nobody = 65_534

const cleanUps: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

test
  .runIf(process.platform !== 'win32')
  .each(['with $HOME', 'with "quotes"', "with 'quote", 'with `id` and \\', 'with a space; and ü'])(
  'a data directory %s in its path is used as it is called',
  async (name) => {
    const dataDirectory = join(await temporaryDirectory(), name)
    const server = await start(dataDirectory)
    expect(server.directory).toBe(dataDirectory)
    expect(await answers(server)).toBe(true)
  },
)

test('an empty postmaster.pid, as a power cut leaves it, does not hinder a start', async () => {
  const dataDirectory = await temporaryDirectory()
  await (await start(dataDirectory)).stop()
  for (const content of ['', 'damaged\n']) {
    const file = join(dataDirectory, 'postgres', 'postmaster.pid')
    await writeFile(file, content)
    await utimes(file, new Date(0), new Date(0))
    const server = await start(dataDirectory)
    expect(await answers(server)).toBe(true)
    await server.stop()
  }
})

test('a part of a database is refused in words that name it', async () => {
  const dataDirectory = await temporaryDirectory()
  await mkdir(join(dataDirectory, 'postgres', 'base'), { recursive: true })
  await expect(start(dataDirectory)).rejects.toThrow(
    `${join(dataDirectory, 'postgres')} holds only a part of a database`,
  )
})

test("a database that PostgreSQL does not start on is refused in PostgreSQL's own words", async () => {
  const dataDirectory = await temporaryDirectory()
  await (await start(dataDirectory)).stop()
  await rm(join(dataDirectory, 'postgres', 'global', 'pg_control'))
  await expect(start(dataDirectory)).rejects.toThrow(/It says:\n[^]*pg_control/)
})

test('the SQLSTATE of what PostgreSQL does not start for is told', async () => {
  const dataDirectory = await temporaryDirectory()
  await (await start(dataDirectory)).stop()
  await writeFile(join(dataDirectory, 'postgres', 'recovery.signal'), '')
  await expect(start(dataDirectory)).rejects.toThrow(
    /It says:\n[^]*\b(?!00000)[0-9A-Z]{5} FATAL: +must specify/,
  )
})

test('a data directory that is a file is refused by its path', async () => {
  const file = join(await temporaryDirectory(), 'file')
  await writeFile(file, '')
  await expect(start(file)).rejects.toThrow(`${file} is no directory (EEXIST). Set DATA_DIR`)
})

test('a database without its password is refused in words, and gets no other one', async () => {
  const dataDirectory = await temporaryDirectory()
  await (await start(dataDirectory)).stop()
  await rm(join(dataDirectory, 'password'))
  for (let attempt = 0; attempt < 2; attempt++) {
    await expect(start(dataDirectory)).rejects.toThrow(`put the file ${join(dataDirectory, 'password')} back`)
  }
})

test('a PostgreSQL that refuses the password is not left behind', async () => {
  const dataDirectory = await temporaryDirectory()
  await (await start(dataDirectory)).stop()
  await writeFile(join(dataDirectory, 'password'), 'another\n')
  await expect(start(dataDirectory)).rejects.toThrow('does not accept the password')
  await expect(readFile(join(dataDirectory, 'postgres', 'postmaster.pid'))).rejects.toMatchObject({
    code: 'ENOENT',
  })
})

test.runIf(isRoot)(
  'a data directory that another user made is refused, also by a link of theirs',
  async () => {
    const dataDirectory = await temporaryDirectory()
    await chown(dataDirectory, nobody, nobody)
    await expect(start(dataDirectory)).rejects.toThrow(`${dataDirectory} belongs to the user with id 65534`)
    const mine = await temporaryDirectory()
    const link = `${mine}-link`
    await symlink(mine, link)
    cleanUps.push(() => rm(link, { force: true }))
    await promisify(execFile)('chown', ['-h', '65534', link])
    await expect(start(link)).rejects.toThrow(`${link} belongs to the user with id 65534`)
  },
)

test.runIf(isRoot)('a password file that another user planted, or may read, is refused', async () => {
  const dataDirectory = await temporaryDirectory()
  const file = join(dataDirectory, 'password')
  await writeFile(file, 'known\n', { mode: 0o600 })
  await chown(file, nobody, nobody)
  await expect(start(dataDirectory)).rejects.toThrow(`${file} belongs to the user with id 65534`)
  await chown(file, 0, 0)
  await chmod(file, 0o644)
  await expect(start(dataDirectory)).rejects.toThrow(`may read the password in ${file}`)
})

test.runIf(isRoot)('a database, log or programs that another user planted are refused', async () => {
  for (const name of ['postgres', 'postgres.log', 'postgres-18.4.0-beta.17']) {
    const dataDirectory = await temporaryDirectory()
    const path = join(dataDirectory, name)
    await (name === 'postgres.log' ? writeFile(path, '') : mkdir(path))
    await chown(path, nobody, nobody)
    await expect(start(dataDirectory)).rejects.toThrow(`${path} belongs to the user with id 65534`)
  }
})

test.runIf(isRoot)('a user without an entry in /etc/passwd is told so', async () => {
  const dataDirectory = await temporaryDirectory()
  const uid = 54_321
  await chown(dataDirectory, uid, uid)
  const { output } = await startInChild([], { dataDirectory, user: { uid, gid: uid } })
  expect(output).toContain(`The user with id ${uid} has no entry in /etc/passwd`)
})

const namespace = [
  'unshare',
  '-n',
  'sh',
  '-c',
  'ip link set lo up && ip addr del 127.0.0.1/8 dev lo && exec "$@"',
  'sh',
]
const hasNamespaces =
  isLinux &&
  (await promisify(execFile)('unshare', [...namespace.slice(1), 'true']).then(
    () => true,
    () => false,
  ))
if (!hasNamespaces)
  process.stdout.write('Skipped: the test without IPv4 needs root, a network namespace and iproute2.\n')

test.runIf(hasNamespaces)('on a machine without IPv4 it listens on ::1', async () => {
  const { output } = await startInChild(namespace, { dataDirectory: await temporaryDirectory() })
  expect(output).toMatch(/^postgres:\/\/claviger:.*@\[::1\]:\d+\/claviger/)
})

const program = `
  import { startEmbeddedPostgres } from ${JSON.stringify(new URL('../../../server/database/embedded/index.ts', import.meta.url))}
  try {
    const server = await startEmbeddedPostgres({ dataDirectory: process.argv[1] })
    await server.stop()
    console.log(server.url)
  } catch (error) {
    console.log(error.message)
  }
`

/** Starts and stops one in a process of its own; it tells the address, or why there is none. */
async function startInChild(
  wrapper: readonly string[],
  { dataDirectory, user }: { dataDirectory: string; user?: { uid?: number; gid?: number } },
): Promise<{ output: string }> {
  const child = spawn(
    'env',
    [...wrapper, process.execPath, '--input-type=module', '-e', program, dataDirectory],
    {
      cwd: '/',
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: 60_000,
      ...user,
    },
  )
  let output = ''
  for await (const chunk of child.stdout.setEncoding('utf8')) output += String(chunk)
  return { output }
}

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'claviger-start-'))
  if (isRoot) await chmod(directory, 0o711)
  cleanUps.push(() => rm(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }))
  return directory
}

async function start(dataDirectory: string): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDirectory })
  cleanUps.push(() => server.stop())
  return server
}

async function answers({ url }: EmbeddedPostgres): Promise<boolean> {
  const sql = openPostgres(url, { max: 1, connect_timeout: 5 })
  try {
    return (await sql`SELECT 1`).length === 1
  } finally {
    await sql.end({ timeout: 1 })
  }
}
