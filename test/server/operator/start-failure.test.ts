import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { connectSql } from '../../../server/database/connect.ts'
import { findRoute } from '../../../server/database/route.ts'
import { explainStartFailure } from '../../../server/operator/start-failure.ts'
import { emptyTestDatabase } from '../../support/database.ts'

async function failureOf(work: () => Promise<unknown>): Promise<unknown> {
  return work().then(
    () => {
      throw new TypeError('It was to fail.')
    },
    (error: unknown) => error,
  )
}

test('a start failure of a file names the path, and never the port', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'claviger-failure-'))
  try {
    const file = join(directory, 'file')
    await writeFile(file, '')
    const text = explainStartFailure(await failureOf(() => readdir(file)))
    expect(text).toContain(file)
    expect(text).toContain('ENOTDIR')
    const denied = Object.assign(new Error('EACCES: permission denied'), {
      code: 'EACCES',
      syscall: 'mkdir',
      path: '/srv/keys',
    })
    expect(explainStartFailure(denied)).toContain('/srv/keys')
    expect(explainStartFailure(denied)).not.toContain('port')
  } finally {
    await rm(directory, { recursive: true })
  }
})

test('a start failure of the port names the port', async () => {
  const holder = createServer().listen(0, '127.0.0.1')
  const second = createServer()
  const failure = await failureOf(async () => {
    await new Promise((resolve, reject) => {
      second.once('error', reject)
      holder.once('listening', () => {
        const address = holder.address()
        second.listen(typeof address === 'object' ? address?.port : 0, '127.0.0.1', () => {
          resolve(undefined)
        })
      })
    })
  })
  holder.close()
  expect(explainStartFailure(failure)).toContain('set PORT to another one. (EADDRINUSE)')
})

test('a start failure of PostgreSQL tells its message and SQLSTATE', async () => {
  const database = await emptyTestDatabase()
  const sql = connectSql(database.url, { max: 1 })
  try {
    const failure = await failureOf(() => sql`SELECT FROM nowhere`)
    expect(explainStartFailure(new Error('Failed query: SELECT secret', { cause: failure }))).toBe(
      'PostgreSQL says: relation "nowhere" does not exist (SQLSTATE 42P01)',
    )
  } finally {
    await sql.end({ timeout: 1 })
    await database.drop()
  }
})

test('a start failure by a parameter that nobody knows says what to remove', async () => {
  const database = await emptyTestDatabase()
  try {
    const failure = await failureOf(() => findRoute(`${database.url}?retry_writes=true`))
    expect(explainStartFailure(failure)).toBe(
      'DATABASE_URL has a parameter that is none of libpq, and no setting of PostgreSQL: remove it. ' +
        'PostgreSQL says: unrecognized configuration parameter "retry_writes" (SQLSTATE 42704)',
    )
  } finally {
    await database.drop()
  }
})

test('a start failure of a certificate says how to name its root', () => {
  const failure = Object.assign(new Error('self-signed certificate'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
  expect(explainStartFailure(failure)).toBe(
    "The database's certificate is not accepted: name its root as sslrootcert in DATABASE_URL. " +
      'self-signed certificate (DEPTH_ZERO_SELF_SIGNED_CERT)',
  )
})
