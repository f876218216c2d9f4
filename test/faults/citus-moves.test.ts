import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { accountIdOf } from '../../server/lib/account-id.ts'
import {
  createCitusDatabase,
  distributeTestDatabase,
  dropCitusDatabase,
  isOnCitus,
  nodesOf,
} from '../support/citus.ts'
import { administer, type Administrator } from '../support/connections.ts'
import { closeFeeds, expectExact, load, openLoadedOwners } from '../support/owner-load.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

if (!isOnCitus) process.stdout.write('Skipped: needs a Citus at TEST_DATABASE_URL, and TEST_CITUS=1.\n')

describe.skipIf(!isOnCitus)('under load through two servers', () => {
  const name = `claviger_test_${randomBytes(8).toString('hex')}`
  let administrator: Administrator
  const servers: TestServer[] = []

  beforeAll(async () => {
    const url = new URL(inject('clusterUrl'))
    await createCitusDatabase(url.href, name, { workersMax: 1 })
    url.pathname = `/${name}`
    await distributeTestDatabase(url.href)
    administrator = administer(url.href)
    for (let started = 0; started < 2; started++) servers.push(await startTestServer(url.href))
  }, 120_000)

  afterAll(async () => {
    for (const server of servers) await server.stop()
    await administrator.close()
    await dropCitusDatabase(inject('clusterUrl'), name)
  })

  const urls = () => servers.map(({ url }) => url)
  const placements = () => administrator.sql<{ shard: string; host: string; port: number }[]>`
    SELECT s.shardid AS shard, n.nodename AS host, n.nodeport AS port
    FROM pg_dist_shard s JOIN pg_dist_placement p USING (shardid) JOIN pg_dist_node n USING (groupid)
    WHERE s.logicalrelid = 'accounts'::regclass ORDER BY s.shardid`

  async function move(
    shard: string,
    from: { host: string; port: number },
    to: { host: string; port: number },
  ) {
    await administrator.sql.begin(async (tx) => {
      await tx`SET LOCAL statement_timeout = '5min'`
      await tx`SELECT citus_move_shard_placement(${shard}, ${from.host}, ${from.port}, ${to.host}, ${to.port})`
    })
  }

  test('a worker is added and shards are moved there and back, and each use counts once', async () => {
    const owners = await openLoadedOwners(urls()[0] ?? '', 8)
    const [, first, added] = await nodesOf(inject('clusterUrl'))
    if (first === undefined || added === undefined) throw new TypeError('There are two workers.')
    const shards = (await placements()).map(({ shard }) => shard)
    const report = await load(urls(), owners, async () => {
      await administrator.sql`SELECT citus_add_node(${added.host}, ${added.port})`
      await administrator.sql`SELECT replicate_reference_tables()`
      for (const shard of shards.slice(0, 4)) await move(shard, first, added)
      await move(shards[0] ?? '', added, first)
    })
    const ports = (await placements()).map(({ port }) => port)
    expect(ports).toEqual(shards.map((_shard, index) => (index >= 1 && index < 4 ? added.port : first.port)))
    process.stdout.write(`Moves under load: ${JSON.stringify(report)}\n`)
    expect(report.granted).toBeGreaterThan(100)
    expect(report.replaysRefused).toBeGreaterThan(50)
    await expectExact(urls()[1] ?? '', owners)
    await closeFeeds(owners)
  }, 280_000)

  test('a use that was not counted is found (negative control)', async () => {
    const owners = await openLoadedOwners(urls()[0] ?? '', 1)
    await load(urls(), owners, () => Promise.resolve())
    const [owner] = owners
    await administrator.sql`
      UPDATE transaction_key_usage SET use_count = use_count - 1
      WHERE account_id = ${accountIdOf(owner?.name ?? '')} AND transaction_key_id = ${owner?.keyIds.noted ?? ''}`
    await expect(expectExact(urls()[1] ?? '', owners)).rejects.toThrow('to be')
    await closeFeeds(owners)
  })
})
