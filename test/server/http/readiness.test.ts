import { expect, test } from 'vitest'
import { z } from 'zod'
import { readMigrationHashes } from '../../../server/database/migrate.ts'
import { version } from '../../../server/lib/version.ts'
import { eventually } from '../../support/connections.ts'
import { createTestDatabase } from '../../support/database.ts'
import { startTestServer } from '../../support/server.ts'
import { startTcpProxy } from '../../support/tcp-proxy.ts'

const answer = z.object({
  status: z.string(),
  reason: z.string().nullable(),
  since: z.string(),
  version: z.string(),
  database: z.object({ status: z.string(), reason: z.string().nullable() }),
  listen: z.object({ status: z.string(), since: z.string() }),
})

test('/readyz tells status, version, database, listening and migrations, and nothing else', async () => {
  const database = await createTestDatabase()
  const began = Date.now()
  const server = await startTestServer(database.url)
  try {
    const response = await fetch(`${server.url}/readyz`)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
    const body: unknown = await response.json()
    expect(body).toEqual({
      status: 'ready',
      reason: null,
      since: expect.any(String),
      version,
      database: { status: 'ok', reason: null },
      listen: { status: 'ok', since: expect.any(String) },
      migrations: { applied: readMigrationHashes().length },
    })
    const { since: status, listen } = answer.parse(body)
    for (const since of [status, listen.since]) {
      expect(new Date(since).toISOString()).toBe(since)
      expect(Date.parse(since)).toBeGreaterThanOrEqual(began - 1)
    }
  } finally {
    await server.stop()
    await database.drop()
  }
})

test('/readyz tells since when the database is away, without its address, and since when it is back', async () => {
  const database = await createTestDatabase()
  const proxy = await startTcpProxy(database.url)
  const server = await startTestServer(proxy.url)
  const read = async () => {
    const response = await fetch(`${server.url}/readyz`)
    const text = await response.text()
    return { status: response.status, text, body: answer.parse(JSON.parse(text)) }
  }
  try {
    const before = await read()
    proxy.refuse()
    await eventually(async () => (await read()).status === 503, { withinMs: 10_000, what: 'not ready' })
    const away = await read()
    expect(away.body).toMatchObject({ status: 'not ready', database: { status: 'failing' }, version })
    expect(away.body.reason).toBe(away.body.database.reason)
    expect(Date.parse(away.body.since)).toBeGreaterThan(Date.parse(before.body.since))
    const { host, port, pathname, password } = new URL(proxy.url)
    for (const secret of [host, port, pathname.slice(1), password, '127.0.0.1']) {
      if (secret !== '') expect(away.text).not.toContain(secret)
    }
    await eventually(async () => (await read()).body.listen.status === 'failing', {
      withinMs: 20_000,
      what: 'no LISTEN',
    })
    proxy.restore()
    await eventually(async () => (await read()).status === 200, { withinMs: 15_000, what: 'ready' })
    expect(Date.parse((await read()).body.since)).toBeGreaterThan(Date.parse(away.body.since))
    await eventually(async () => (await read()).body.listen.status === 'ok', {
      withinMs: 30_000,
      what: 'LISTEN',
    })
  } finally {
    await server.stop()
    await proxy.close()
    await database.drop()
  }
}, 90_000)
