import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { chmod, chown, mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../../server/database/embedded/index.ts'
import { openPostgres } from '../../../server/database/open-postgres.ts'

const isRoot = process.getuid?.() === 0
const isLinux = process.platform === 'linux'
const nobody = 65_534

const cleanUps: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

describe('the data', () => {
  test('survives a restart', async () => {
    const dataDirectory = await temporaryDirectory()
    const first = await start(dataDirectory)
    await query(first.url, 'create table kept (x int)')
    await query(first.url, 'insert into kept values (7)')
    await first.stop()
    const second = await start(dataDirectory)
    expect(second.wasAdopted).toBe(false)
    expect(await query(second.url, 'select x from kept')).toEqual([{ x: 7 }])
  })

  test('and the running PostgreSQL of a killed key server are adopted at the next start', async () => {
    const dataDirectory = await temporaryDirectory()
    const owner = await startInChild(dataDirectory)
    await query(owner.url, 'create table kept (x int)')
    await query(owner.url, 'insert into kept values (7)')
    const pid = await postmasterPid(dataDirectory)
    await kill(owner.child, 'SIGKILL')
    const heir = await start(dataDirectory)
    expect(heir.wasAdopted).toBe(true)
    expect(await postmasterPid(dataDirectory)).toBe(pid)
    expect(await query(heir.url, 'select x from kept')).toEqual([{ x: 7 }])
  })

  test('directory of a key server that was killed in its very first start is usable', async () => {
    const dataDirectory = await temporaryDirectory()
    const child = spawnOwner(dataDirectory)
    await until(async () => (await readdir(dataDirectory)).some((name) => name.startsWith('postgres.draft-')))
    await kill(child, 'SIGKILL')
    expect(await readdir(dataDirectory)).not.toContain('postgres')
    const next = await start(dataDirectory)
    expect(await query(next.url, 'select 1 as x')).toEqual([{ x: 1 }])
  })

  test('is durable when a commit returns, and its pages carry checksums', async () => {
    const { url } = await start(await temporaryDirectory())
    for (const name of ['fsync', 'synchronous_commit', 'full_page_writes', 'data_checksums']) {
      expect([name, await query(url, `show ${name}`)]).toEqual([name, [{ [name]: 'on' }]])
    }
    expect(await query(url, 'show max_connections')).toEqual([{ max_connections: '100' }])
  })

  test.runIf(isRoot && isLinux)('is kept for a plain user as it is for root', async () => {
    const dataDirectory = await temporaryDirectory()
    await chown(dataDirectory, nobody, nobody)
    const owner = await startInChild(dataDirectory, { uid: nobody, gid: nobody })
    expect(await query(owner.url, 'select 1 as x')).toEqual([{ x: 1 }])
    expect((await stat(join(dataDirectory, 'postgres'))).uid).toBe(nobody)
    const pid = await postmasterPid(dataDirectory)
    await kill(owner.child, 'SIGTERM')
    await until(() => Promise.resolve(!isAlive(pid)))
  })
})

describe('a data directory', () => {
  test('serves one key server at a time, and the second is told so', async () => {
    const dataDirectory = await temporaryDirectory()
    const first = await start(dataDirectory)
    await expect(startEmbeddedPostgres({ dataDirectory })).rejects.toThrow(
      `Another key server is using the data directory ${dataDirectory}`,
    )
    expect(await query(first.url, 'select 1 as x')).toEqual([{ x: 1 }])
  })

  test('goes to exactly one of two key servers that start at once', async () => {
    const dataDirectory = await temporaryDirectory()
    const outcomes = await Promise.allSettled([start(dataDirectory), start(dataDirectory)])
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    const reasons = outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? [String(outcome.reason)] : [],
    )
    expect(reasons[0]).toContain('Another key server is using the data directory')
  })

  test('stays taken when the connection that holds it is lost', async () => {
    const dataDirectory = await temporaryDirectory()
    const first = await start(dataDirectory)
    const holder = `select pg_terminate_backend(pid) as done from pg_locks where locktype = 'advisory'`
    const administrator = await administratorUrl(first)
    expect(await query(administrator, holder)).toEqual([{ done: true }])
    await until(
      async () => (await query(administrator, holder.replace('pg_terminate_backend(pid)', '1'))).length === 1,
    )
    await expect(startEmbeddedPostgres({ dataDirectory })).rejects.toThrow('Another key server is using')
  })

  test.runIf(isRoot)(
    'that PostgreSQL cannot reach is refused with the name of what is in the way',
    async () => {
      const parent = await temporaryDirectory()
      await chmod(parent, 0o700)
      await writeFile(join(parent, 'something-of-yours'), '')
      await expect(startEmbeddedPostgres({ dataDirectory: join(parent, 'data') })).rejects.toThrow(
        `${parent} does not let that user pass. Choose another DATA_DIR`,
      )
      await chmod(parent, 0o711)
      expect((await start(join(parent, 'data'))).wasAdopted).toBe(false)
    },
  )

  test.runIf(isRoot && isLinux)('of another user is refused to a plain user', async () => {
    const dataDirectory = await temporaryDirectory()
    await (await start(dataDirectory)).stop()
    const child = spawnOwner(dataDirectory, { uid: nobody, gid: nobody })
    expect(await firstLine(child)).toContain('belongs to the user with id')
  })
})

describe('postmaster.pid', () => {
  test('of a process that is gone does not hinder a start', async () => {
    const dataDirectory = await temporaryDirectory()
    const first = await start(dataDirectory)
    const pid = await postmasterPid(dataDirectory)
    process.kill(pid, 'SIGKILL')
    await until(() => Promise.resolve(!isAlive(pid)))
    await first.stop()
    expect(await readdir(join(dataDirectory, 'postgres'))).toContain('postmaster.pid')
    const second = await start(dataDirectory)
    expect(second.wasAdopted).toBe(false)
    expect(await query(second.url, 'select 1 as x')).toEqual([{ x: 1 }])
  })

  test.runIf(isLinux)(
    'with a pid that another process has by now fools nobody and harms nobody',
    async () => {
      const dataDirectory = await temporaryDirectory()
      await (await start(dataDirectory)).stop()
      const cluster = join(dataDirectory, 'postgres')
      const { uid, gid } = await stat(cluster)
      // As the cluster's owner, since that is when PostgreSQL itself takes it for a postmaster.
      const stranger = spawn('sleep', ['60'], { cwd: '/', stdio: 'ignore', ...(isRoot ? { uid, gid } : {}) })
      cleanUps.push(() => kill(stranger, 'SIGKILL'))
      await once(stranger, 'spawn')
      await writeFile(
        join(cluster, 'postmaster.pid'),
        `${stranger.pid}\n${cluster}\n1\n1\n\n127.0.0.1\n\nready   \n`,
      )
      const next = await start(dataDirectory)
      expect(next.wasAdopted).toBe(false)
      expect(await query(next.url, 'select 1 as x')).toEqual([{ x: 1 }])
      expect(stranger.exitCode ?? stranger.signalCode).toBeNull()
    },
  )
})

describe('PostgreSQL', () => {
  test('is gone, with all its processes, when stop() returns', async () => {
    const dataDirectory = await temporaryDirectory()
    const server = await start(dataDirectory)
    const pid = await postmasterPid(dataDirectory)
    expect(isAlive(pid)).toBe(true)
    if (isLinux) expect((await processesIn(dataDirectory)).length).toBeGreaterThan(3)
    await Promise.all([server.stop(), server.stop()])
    expect(isAlive(pid)).toBe(false)
    if (isLinux) expect(await processesIn(dataDirectory)).toEqual([])
  })

  test.runIf(process.platform !== 'win32')('does not hear the Ctrl-C that ends its key server', async () => {
    const dataDirectory = await temporaryDirectory()
    const owner = await startInChild(dataDirectory)
    if (owner.child.pid === undefined) throw new Error('The child has no pid.')
    process.kill(-owner.child.pid, 'SIGINT')
    await sleep(500)
    expect(await query(owner.url, 'select 1 as x')).toEqual([{ x: 1 }])
  })

  test('listens on the loopback interface only, and wants the password', async () => {
    const server = await start(await temporaryDirectory())
    const url = await administratorUrl(server)
    expect(await query(url, 'show listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }])
    expect(await query(url, 'show unix_socket_directories')).toEqual([{ unix_socket_directories: '' }])
    const wrong = new URL(url)
    wrong.password = 'wrong'
    await expect(query(wrong.href, 'select 1')).rejects.toMatchObject({ code: '28P01' })
  })

  test('gives the key server a role that is no superuser', async () => {
    const { url } = await start(await temporaryDirectory())
    expect(await query(url, 'show is_superuser')).toEqual([{ is_superuser: 'off' }])
    await expect(query(url, "copy (select 1) to program 'true'")).rejects.toMatchObject({ code: '42501' })
  })

  test('and its start write neither the password nor a row or statement to a log', async () => {
    const dataDirectory = await temporaryDirectory()
    const lines: string[] = []
    const { url } = await start(dataDirectory, (line) => lines.push(line))
    await query(url, 'create table unique_names (name text primary key)')
    await query(url, "insert into unique_names values ('confidential')")
    await expect(query(url, "insert into unique_names values ('confidential')")).rejects.toMatchObject({
      code: '23505',
    })
    const password = (await readFile(join(dataDirectory, 'password'), 'utf8')).trim()
    expect(password).toHaveLength(43)
    const log = (await readFile(join(dataDirectory, 'postgres.log'), 'utf8')) + lines.join('\n')
    expect(log).toContain('duplicate key value')
    expect(log).not.toContain('confidential')
    expect(log).not.toContain(password)
    if (process.platform === 'win32') return
    for (const name of ['password', 'postgres.log']) {
      expect((await stat(join(dataDirectory, name))).mode & 0o777).toBe(0o600)
    }
  })
})

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'claviger-embedded-'))
  cleanUps.push(() => rm(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }))
  return directory
}

async function start(dataDirectory: string, log?: (line: string) => void): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDirectory, ...(log === undefined ? {} : { log }) })
  cleanUps.push(() => server.stop())
  return server
}

const ownerProgram = `
  import { startEmbeddedPostgres } from ${JSON.stringify(new URL('../../../server/database/embedded/index.ts', import.meta.url))}
  try {
    const server = await startEmbeddedPostgres({ dataDirectory: process.argv[1] })
    process.on('SIGTERM', () => server.stop().then(() => process.exit(0)))
    setInterval(() => undefined, 1000)
    console.log(server.url)
  } catch (error) {
    console.log(error.message)
  }
`

/** A key server of its own, in a process and process group of its own, killed at the end of the test. */
function spawnOwner(dataDirectory: string, user: { uid?: number; gid?: number } = {}): ChildProcess {
  const child = spawn(process.execPath, ['--input-type=module', '-e', ownerProgram, dataDirectory], {
    cwd: '/',
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
    ...user,
  })
  cleanUps.push(() => kill(child, 'SIGKILL'))
  return child
}

async function startInChild(
  dataDirectory: string,
  user?: { uid: number; gid: number },
): Promise<{ child: ChildProcess; url: string }> {
  // A PostgreSQL that outlives the child is adopted and stopped; root adopts nothing of another user.
  cleanUps.push(async () => {
    if (user === undefined) await (await startEmbeddedPostgres({ dataDirectory })).stop()
    else
      await postmasterPid(dataDirectory).then(
        (pid) => process.kill(pid, 'SIGKILL'),
        () => undefined,
      )
  })
  const child = spawnOwner(dataDirectory, user)
  const url = await firstLine(child)
  if (!url.startsWith('postgres://')) throw new Error(url)
  return { child, url }
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('The child has no output.')
  for await (const chunk of child.stdout.setEncoding('utf8')) return String(chunk).trim()
  throw new Error('The child ended without a word.')
}

async function kill(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit', { signal: AbortSignal.timeout(10_000) })
  child.kill(signal)
  await ended
}

async function query(url: string, statement: string): Promise<Record<string, unknown>[]> {
  const sql = openPostgres(url, { max: 1, connect_timeout: 5, connection: { statement_timeout: 5_000 } })
  try {
    return [...(await sql.unsafe(statement))]
  } finally {
    await sql.end({ timeout: 1 })
  }
}

async function administratorUrl({ url, directory }: EmbeddedPostgres): Promise<string> {
  const administrator = new URL(url)
  administrator.username = 'postgres'
  administrator.password = (await readFile(join(directory, 'password'), 'utf8')).trim()
  administrator.pathname = '/postgres'
  return administrator.href
}

async function postmasterPid(dataDirectory: string): Promise<number> {
  const text = await readFile(join(dataDirectory, 'postgres', 'postmaster.pid'), 'utf8')
  return Number(text.split('\n')[0])
}

/** A zombie, which only its parent can remove, has ended. */
function isAlive(pid: number): boolean {
  try {
    if (isLinux) return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function processesIn(dataDirectory: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const directories = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => '')))
  return directories.filter((directory) => directory.startsWith(dataDirectory))
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error('It did not come to pass within ten seconds.')
    await sleep(20)
  }
}
