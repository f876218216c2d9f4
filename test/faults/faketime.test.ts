import { expect, test } from 'vitest'
import { connectDatabases } from '../../server/database/connect.ts'
import { pruneExpired } from '../../server/database/pruning.ts'
import { alertsOf, expectUnauthenticated, secondsAhead } from '../support/operations.ts'
import { administer, keepDoing } from '../support/connections.ts'
import { findFaketime, startFakedPostgres } from '../support/faked-postgres.ts'
import { openAccount, send, signRequest, storeKey } from '../support/raw-client.ts'
import { startTestServer } from '../support/server.ts'

const wrongMs = 10_000

test('a PostgreSQL whose clock is an hour ahead for ten seconds forgets no used request, and no end of a term', async ({
  skip,
}) => {
  const faketime = await findFaketime()
  if (faketime === undefined) return skip('It needs libfaketime (Debian: faketime).')
  const cluster = await startFakedPostgres(faketime)
  const servers = [await startTestServer(cluster.url), await startTestServer(cluster.url)]
  const [{ url } = { url: '' }] = servers
  const databases = connectDatabases({ url: cluster.url, writeConnectionsMax: 1 })
  const administrator = administer(cluster.url)
  try {
    const { key } = await openAccount(url)
    const expiresAt = secondsAhead(35).toISOString()
    const { id } = await storeKey(url, key, { expiresAt, expiryNotices: [] })
    const used = await Promise.all(
      Array.from({ length: 50 }, () => signRequest(url, key, { query: '{ account { name } }' })),
    )
    for (const request of used) expect((await send(request)).errors).toEqual([])

    await cluster.set(3600)
    // As both servers' pruning does once a minute.
    const endPruning = keepDoing(() => pruneExpired(databases), 500)
    await new Promise((resolve) => setTimeout(resolve, wrongMs))
    const [wrong] = await administrator.sql<{ now: Date }[]>`SELECT clock_timestamp() AS now`
    expect((wrong?.now.getTime() ?? 0) - Date.now()).toBeGreaterThan(3_590_000)
    await endPruning()
    const early = await send(await signRequest(url, key, { query: '{ account { name } }' }))
    expect(early.errors[0]?.extensions).toMatchObject({ reason: 'SIGNATURE_EXPIRED' })
    await cluster.set(0)

    for (const request of used) expectUnauthenticated(await send(request), 'SIGNATURE_REPLAYED')
    expect((await send(await signRequest(url, key, { query: '{ account { name } }' }))).errors).toEqual([])
    const expired = { kind: 'KEY_EXPIRED', transactionKey: { id }, expiresAt }
    expect(await alertsOf(url, key, ['KEY_EXPIRED'])).toEqual([expired])
    await expect
      .poll(() => alertsOf(url, key, ['KEY_EXPIRED']), { timeout: 40_000 })
      .toEqual([expired, expired])
    expect(Date.now()).toBeGreaterThan(Date.parse(expiresAt))
  } finally {
    await administrator.close()
    await databases.close()
    await Promise.all(servers.map((server) => server.stop()))
    await cluster.stop()
  }
}, 120_000)
