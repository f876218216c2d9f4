import { chmod, chown, cp, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../server/database/embedded/index.ts'
import { eventually } from '../support/connections.ts'
import { openAccount, signRequest, createRawKey } from '../support/raw-client.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'

let directory: string
let primary: EmbeddedPostgres
let standby: EmbeddedPostgres
let proxy: TcpProxy
let server: TestServer

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'claviger-standby-'))
  await chmod(directory, 0o711)
  const dataDirectory = join(directory, 'primary')
  const first = await startEmbeddedPostgres({ dataDirectory })
  await first.stop()
  // A copy that waits for more of the primary's WAL for ever: as far as its clients can tell, a standby.
  const copy = join(directory, 'standby')
  await cp(dataDirectory, copy, { recursive: true, preserveTimestamps: true })
  await takeOver({ from: dataDirectory, to: copy })
  await writeFile(join(copy, 'postgres', 'standby.signal'), '', { mode: 0o644 })
  primary = await startEmbeddedPostgres({ dataDirectory })
  standby = await startEmbeddedPostgres({ dataDirectory: copy })
  proxy = await startTcpProxy(primary.url)
  server = await startTestServer(proxy.url)
})
afterAll(async () => {
  await server.stop()
  await proxy.close()
  await standby.stop()
  await primary.stop()
  await rm(directory, { recursive: true, force: true })
})

test('a primary that has become a standby makes writes UNAVAILABLE with Retry-After and /readyz 503 with the reason, until connections lead to the primary again', async () => {
  await openAccount(server.url)
  expect((await readiness()).status).toBe(200)

  proxy.redirect(standby.url)
  proxy.reset()
  await eventually(async () => (await readiness()).text.includes('read-only'), {
    withinMs: 10_000,
    what: '/readyz names the reason',
  })
  expect((await readiness()).status).toBe(503)
  const refused = await tryToOpenAccount()
  expect(refused.status).toBe(503)
  expect(refused.headers.get('retry-after')).toMatch(/^\d+$/)
  const { errors } = (await refused.json()) as { errors: { extensions: unknown }[] }
  expect(errors[0]?.extensions).toMatchObject({ code: 'UNAVAILABLE' })

  // Nothing cuts the connections to the standby: the server itself has to leave them.
  proxy.redirect(primary.url)
  await eventually(async () => (await readiness()).status === 200, {
    withinMs: 10_000,
    what: 'the pools are renewed',
  })
  await openAccount(server.url)
})

test('of several hosts the primary is found, also when it comes after a standby', async () => {
  const at = (place: string) => primary.url.replace(/@[^/]*/, `@${place}`).replace(/\?.*/, '')
  const places = `${new URL(standby.url).host},${new URL(primary.url).host}`
  const url = `${at(places)}?target_session_attrs=read-write`
  const other = await startTestServer(url)
  try {
    await openAccount(other.url)
  } finally {
    await other.stop()
  }
  await expect(startTestServer(at(places))).rejects.toThrow('a standby')
})

async function readiness(): Promise<{ status: number; text: string }> {
  const response = await fetch(`${server.url}/readyz`)
  return { status: response.status, text: await response.text() }
}

async function tryToOpenAccount(): Promise<Response> {
  const key = await createRawKey()
  const { signingKey, wrappingKey } = key
  const { url, headers, body } = await signRequest(server.url, key, {
    query: 'mutation ($input: OpenAccountInput!) { openAccount(input: $input) { id } }',
    variables: {
      input: { name: 'owner-of-the-standby', managementKey: { label: 'test', signingKey, wrappingKey } },
    },
  })
  return fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(15_000) })
}

/** Copies of root's belong to root, and PostgreSQL runs as the owner of the original. */
async function takeOver({ from, to }: { from: string; to: string }): Promise<void> {
  for (const name of ['', ...(await readdir(from, { recursive: true }))]) {
    const { uid, gid } = await stat(join(from, name))
    await chown(join(to, name), uid, gid)
  }
}
