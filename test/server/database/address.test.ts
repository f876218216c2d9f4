import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, afterAll, describe, expect, test } from 'vitest'
import { describeAddress, parseAddress, writtenPassword } from '../../../server/database/address.ts'
import { openPostgres } from '../../../server/database/open-postgres.ts'
import { readConfig } from '../../../server/config.ts'
import { serverKeySecretOf } from '../../../server/server-keys/sealing-secret.ts'
import { administer } from '../../support/connections.ts'
import { emptyTestDatabase, type TestDatabase } from '../../support/database.ts'
import { freePort } from '../../support/server.ts'

describe('a connection string is read as libpq reads it', () => {
  test.each([
    ['postgres://u:p@[::1]:5433/db', { hosts: [{ host: '::1', port: 5433 }], user: 'u', database: 'db' }],
    ['postgresql://u@%2Fvar%2Frun%2Fpostgresql/db', { hosts: [{ host: '/var/run/postgresql', port: 5432 }] }],
    ['postgres:///db?host=/tmp&port=5433', { hosts: [{ host: '/tmp', port: 5433 }], database: 'db' }],
    ['postgres://u:p@/db?host=/tmp', { hosts: [{ host: '/tmp', port: 5432 }], user: 'u', password: 'p' }],
    [
      'postgres://u:p@a:1,[::2],c:3/db?target_session_attrs=read-write',
      {
        hosts: [
          { host: 'a', port: 1 },
          { host: '::2', port: 5432 },
          { host: 'c', port: 3 },
        ],
        target: 'primary',
      },
    ],
    [
      'postgres:///d?host=a,b&port=1,2',
      {
        hosts: [
          { host: 'a', port: 1 },
          { host: 'b', port: 2 },
        ],
      },
    ],
    ['postgres://r%40x:p%2F%3A@h/d%20b', { user: 'r@x', password: 'p/:', database: 'd b' }],
    ['postgres://u:p:q@h/d', { password: 'p:q' }],
    ['postgres://h/d?user=u&password=p%40', { user: 'u', password: 'p@' }],
    ['postgres://h/d?sslmode=disable', { tls: false }],
    ['postgres://h/d?sslmode=prefer&channel_binding=prefer', { tls: 'prefer' }],
    ['postgres://h/d?sslmode=require', { tls: { rejectUnauthorized: false } }],
    ['postgres://h/d?sslmode=verify-full', { tls: {} }],
    ['postgres://h/d?sslrootcert=system', { tls: {} }],
    ['postgres://h/d?connect_timeout=7', { connectTimeoutSeconds: 7 }],
    ['postgres://h/d?search_path=keys&keepalives=1', { settings: { search_path: 'keys' } }],
    ['postgres://h/d?options=endpoint%3Dep-a', { settings: { options: 'endpoint=ep-a' } }],
    ['postgres://h/d?pgbouncer=true&connection_limit=1&pool_timeout=3', { settings: {} }],
    ['postgres://h/d?schema=Keys', { settings: { search_path: '"Keys"' } }],
    ['postgres://h/d?currentSchema=keys', { settings: { search_path: '"keys"' } }],
  ])('%s', (text, expected) => {
    expect(parseAddress(text)).toMatchObject(expected)
  })

  test('with the certificate that sslrootcert names, whose name only verify-full compares', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'claviger-address-'))
    try {
      const file = join(directory, 'root.pem')
      await writeFile(file, 'pem')
      for (const mode of ['require', 'verify-ca']) {
        const { tls } = parseAddress(`postgres://h/d?sslmode=${mode}&sslrootcert=${file}`)
        expect(tls).toMatchObject({ ca: Buffer.from('pem'), checkServerIdentity: expect.any(Function) })
      }
      const { tls } = parseAddress(`postgres://h/d?sslmode=verify-full&sslrootcert=${file}`)
      expect(tls).toEqual({ ca: Buffer.from('pem') })
    } finally {
      await rm(directory, { recursive: true })
    }
  })
})

test.each([
  ['mysql://u:hunter2@h/d', 'begins with postgres://'],
  ['postgres://u:hunter2#x@h/d', 'percent-encoded'],
  ['postgres://u:hunter2@h:99999/d', 'port'],
  ['postgres://u:hunter2@::1/d', 'IPv6'],
  ['postgres://u:hunter2%zz@h/d', '%25'],
  ['postgres://u:hunter2@h/d?channel_binding=require', 'channel_binding'],
  ['postgres://u:hunter2@h/d?target_session_attrs=standby', 'target_session_attrs'],
  ['postgres://u:hunter2@h/d?sslmode=sometimes', 'sslmode'],
  ['postgres://u:hunter2@h/d?sslmode=verify-full&sslrootcert=/nowhere/root.pem', '/nowhere/root.pem'],
  ['postgres://u:hunter2@h/d?service=x', 'service'],
  ['postgres://u:hunter2@h/d?sslmode=require&sslaccept=strict', 'sslaccept'],
  ['postgres://u:hunter2@h/d?require_auth=none', 'require_auth'],
])('%s is refused at start in words, without the password', (DATABASE_URL, word) => {
  let message = ''
  try {
    readConfig({ DATABASE_URL })
  } catch (error) {
    message = String(error)
  }
  expect(message).toContain('DATABASE_URL: ')
  expect(message).toContain(word)
  expect(message).not.toContain('hunter2')
})

test('for people an address has neither user nor password', () => {
  expect(describeAddress('postgres://u:hunter2@[::1]:1,b/keys?password=x')).toBe('[::1]:1,b:5432/keys')
})

test('the secret that is made of the password stays what it was for every way to write an address', () => {
  for (const url of ['postgres://u:p%40!%21ä@h/d', 'postgres://u@h/d', 'postgres://u:a%2Fb:c@h:1/d?x=y']) {
    expect(writtenPassword(url)).toBe(new URL(url).password)
  }
  const secretOf = (databaseUrl: string) => serverKeySecretOf({ serverKeySecret: null, databaseUrl })
  expect(secretOf('postgres://u:p%40@a,b/d')).toBe(secretOf('postgres://u:p%40@a/d'))
})

describe('a database is reached', () => {
  let database: TestDatabase
  const servers: Server[] = []
  beforeAll(async () => {
    database = await emptyTestDatabase()
  })
  afterEach(async () => {
    for (const server of servers.splice(0)) await new Promise((done) => server.close(done))
  })
  afterAll(() => database.drop())

  /** The address with another place for its host and port. */
  const at = (place: string, query = '') => {
    const { username, password, pathname } = new URL(database.url)
    return `postgres://${username}:${password}@${place}${pathname}${query}`
  }
  const place = () => new URL(database.url).host

  test('by an IPv6 address', async () => {
    const port = await bridge({ host: '::1', port: 0 })
    expect(await ask(at(`[::1]:${port}`))).toBe(1)
  })

  test.runIf(process.platform !== 'win32')('by a Unix socket', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'claviger-socket-'))
    try {
      await bridge({ path: join(directory, '.s.PGSQL.5432') })
      expect(await ask(at(encodeURIComponent(directory)))).toBe(1)
      expect(await ask(at('', `?host=${encodeURIComponent(directory)}`))).toBe(1)
      expect(await ask(at('', `?host=${directory},localhost&target_session_attrs=primary`))).toBe(1)
    } finally {
      await rm(directory, { recursive: true })
    }
  })

  test('by the second host when the first one is away, whether a primary is asked for or not', async () => {
    const away = `127.0.0.1:${await freePort()}`
    expect(await ask(at(`${away},${place()}`))).toBe(1)
    expect(await ask(at(`${away},${place()}`, '?target_session_attrs=read-write'))).toBe(1)
  })

  test('by none of several hosts, and that is told', async () => {
    const away = `127.0.0.1:${await freePort()}`
    await expect(ask(at(`${away},${away}`))).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    await expect(ask(at(`${away},${away}`, '?target_session_attrs=primary'))).rejects.toThrow()
  })

  test('with sslmode=require only over TLS, which is told when there is none', async () => {
    const administrator = administer(database.url)
    const [row] = await administrator.sql`SHOW ssl`
    await administrator.close()
    if (row?.['ssl'] === 'on') expect(await ask(at(place(), '?sslmode=require'))).toBe(1)
    else await expect(ask(at(place(), '?sslmode=require'))).rejects.toThrow()
    expect(await ask(at(place(), '?sslmode=prefer'))).toBe(1)
  })

  /** Passes everything on to the database. */
  async function bridge(where: { host: string; port: number } | { path: string }): Promise<number> {
    const { hostname, port } = new URL(database.url)
    const server = createServer((near) => {
      const far = connect(Number(port), hostname)
      for (const socket of [near, far]) socket.on('error', () => undefined)
      near.pipe(far).pipe(near)
    })
    servers.push(server)
    const { promise, resolve } = Promise.withResolvers<undefined>()
    server.listen(where, () => {
      resolve(undefined)
    })
    await promise
    const address = server.address()
    return typeof address === 'object' ? (address?.port ?? 0) : 0
  }
})

async function ask(url: string): Promise<number | undefined> {
  const sql = openPostgres(url, { max: 1, connect_timeout: 5 })
  try {
    const [row] = await sql<{ one: number }[]>`SELECT 1 AS one`
    return row?.one
  } finally {
    await sql.end({ timeout: 1 })
  }
}
