import { randomBytes, randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import type { TransactionSql } from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { accountIdOf } from '../../server/lib/account-id.ts'
import {
  createCitusDatabase,
  distributeTestDatabase,
  dropCitusDatabase,
  isOnCitus,
  nodesOf,
  urlOfNode,
  type Node,
} from '../support/citus.ts'
import { administer, type Administrator } from '../support/connections.ts'
import { closeFeeds, expectExact, load, openLoadedOwners } from '../support/owner-load.ts'
import { alertsOf, pick, secondsAhead } from '../support/operations.ts'
import { openAccount, storeKey } from '../support/raw-client.ts'
import {
  revokeDuring,
  servedRevoked,
  type RevocableOwner,
  type RevocationReport,
} from '../support/revocations.ts'
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

  /** Runs a statement that takes its time. */
  async function administerSlowly(statement: (tx: TransactionSql) => Promise<unknown>) {
    await administrator.sql.begin(async (tx) => {
      await tx`SET LOCAL statement_timeout = '2min'`
      await statement(tx)
    })
  }

  /**
   * Again when the engine has chosen it to end a deadlock with requests that write several tables of the shard, or when somebody still reads
   * the shard that an earlier move has left on its target.
   *
   * @param mode how Citus copies a shard: its default is by logical replication, where tables have a primary key
   */
  async function move(
    shard: string,
    from: Node,
    to: Node,
    mode: 'auto' | 'force_logical' | 'block_writes' = 'auto',
  ) {
    for (let attempts = 1; ; attempts++) {
      try {
        await administerSlowly(
          (tx) =>
            tx`SELECT citus_move_shard_placement(${shard}, ${from.host}, ${from.port}, ${to.host}, ${to.port}, ${mode})`,
        )
        return
      } catch (error) {
        if (!/deadlock|orphaned shard/.test(String(error)) || attempts === 10) throw error
        process.stdout.write(`A move is made again: ${String(error)}\n`)
        await delay(500)
        await administrator.sql`CALL citus_cleanup_orphaned_resources()`
      }
    }
  }

  test('a worker is added and shards are moved there and back, and each use counts once', async () => {
    const owners = await openLoadedOwners(urls()[0] ?? '', 8)
    const [, first, added] = await nodesOf(inject('clusterUrl'))
    if (first === undefined || added === undefined) throw new TypeError('There are two workers.')
    const shards = (await placements()).map(({ shard }) => shard)
    const report = await load(urls(), owners, async () => {
      await administrator.sql`SELECT citus_add_node(${added.host}, ${added.port})`
      await administerSlowly((tx) => tx`SELECT replicate_reference_tables()`)
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

  describe('a revocation of a management key while its shard is moved', () => {
    const ofShard: RevocableOwner[] = []
    let shard = ''

    beforeAll(async () => {
      const [, ...workers] = await nodesOf(inject('clusterUrl'))
      for (const { host, port } of workers) await administrator.sql`SELECT citus_add_node(${host}, ${port})`
      await administerSlowly((tx) => tx`SELECT replicate_reference_tables()`)
      const [moved] = await placements()
      if (moved === undefined) throw new TypeError('There are shards.')
      shard = moved.shard
      while (ofShard.length < 6) {
        const name = `owner-${randomUUID()}`
        const [place] = await administrator.sql<{ shard: string }[]>`
          SELECT get_shard_id_for_distribution_column('accounts', ${accountIdOf(name)}::uuid) AS shard`
        if (place?.shard !== shard) continue
        const account = await openAccount(urls()[0] ?? '', { name })
        ofShard.push({ ...account, transactionKeyId: (await storeKey(urls()[0] ?? '', account.key)).id })
      }
    }, 120_000)

    /** Moves the shard to the other worker while keys are revoked. */
    async function moveAndRevoke(mode: 'force_logical' | 'block_writes', withinMs: number) {
      const [, ...workers] = await nodesOf(inject('clusterUrl'))
      const place = (await placements()).find((one) => one.shard === shard)
      const to = workers.find(({ port }) => port !== place?.port)
      if (place === undefined || to === undefined) throw new TypeError('There are two workers.')
      return revokeDuring(urls(), ofShard, { fault: () => move(shard, place, to, mode), withinMs })
    }

    test.each([
      ['block_writes', 8],
      ['force_logical', 4],
    ] as const)(
      'is final once it is acknowledged, whichever way the shard is copied: %s, %i times',
      async (mode, times) => {
        const reports: RevocationReport[] = []
        // As long as the last one took.
        for (let time = 0; time < times; time++) {
          reports.push(await moveAndRevoke(mode, reports.at(-1)?.faultMs ?? 2_000))
        }
        const total = (count: (report: RevocationReport) => number) =>
          reports.reduce((sum, report) => sum + count(report), 0)
        const counts = {
          duringMoves: total(({ during }) => during),
          granted: total(({ granted }) => granted),
          refusedAfter: total(({ refusedAfter }) => refusedAfter),
          unavailable: total(({ unavailable }) => unavailable),
        }
        process.stdout.write(`Revocations during moves (${mode}): ${JSON.stringify(counts)}\n`)
        expect(reports.flatMap(({ violations }) => violations)).toEqual([])
        expect(counts.duringMoves).toBeGreaterThan((times * ofShard.length) / 3)
        expect(counts.granted).toBeGreaterThan(counts.duringMoves)
        expect(counts.refusedAfter).toBeGreaterThan(counts.duringMoves)
      },
      280_000,
    )

    test('leaves the ends of terms that come meanwhile alerted once each', async () => {
      const expected = await Promise.all(
        ofShard.map(async ({ key }) => {
          const ids = []
          for (let count = 0; count < 20; count++) {
            const expiresAt = secondsAhead(8 + Math.random() * 10).toISOString()
            ids.push((await storeKey(urls()[0] ?? '', key, { expiresAt, expiryNotices: [] })).id)
          }
          return ids.sort()
        }),
      )
      const untilMs = performance.now() + 20_000
      while (performance.now() < untilMs) await moveAndRevoke('block_writes', 1_000)
      for (const [index, { key }] of ofShard.entries()) {
        const alerted = async () => {
          const alerts = await alertsOf(urls()[0] ?? '', key, ['KEY_EXPIRED'])
          return alerts.map((alert) => String(pick(alert, 'transactionKey', 'id'))).sort()
        }
        await expect.poll(alerted).toEqual(expected[index])
      }
    }, 120_000)

    test('that a node would not see is found (negative control)', async () => {
      const database = new URL(servers[0]?.databaseUrl ?? '').pathname.slice(1)
      const [, ...workers] = await nodesOf(inject('clusterUrl'))
      const nodes = workers.map((worker) => administer(urlOfNode(inject('clusterUrl'), worker, database)))
      const replace = async (text: string) => {
        for (const { sql } of nodes) {
          await sql.begin(async (tx) => {
            await tx`SET LOCAL citus.enable_ddl_propagation TO off`
            await tx.unsafe(text)
          })
        }
      }
      const text = await readFile(
        new URL('../../schema/distribution/hold_local_shards.sql', import.meta.url),
        'utf8',
      )
      const violations: string[] = []
      try {
        // A shard that was moved from here lies here for some seconds more.
        await replace(`
          CREATE OR REPLACE FUNCTION hold_local_shards(p_account_ids uuid[])
          RETURNS TABLE (shard bigint, places integer[]) LANGUAGE plpgsql AS $$
          BEGIN
            RETURN QUERY
              SELECT CASE WHEN to_regclass(shard_name('accounts', found.id)) IS NOT NULL THEN found.id END, array_agg(held.place::integer)
              FROM unnest(p_account_ids) WITH ORDINALITY AS held (account_id, place),
                get_shard_id_for_distribution_column('accounts', held.account_id) AS found (id)
              GROUP BY 1;
          END $$`)
        for (let time = 0; time < 8 && !violations.includes(servedRevoked); time++) {
          violations.push(...(await moveAndRevoke('block_writes', 3_000)).violations)
        }
      } finally {
        await replace(text)
        for (const node of nodes) await node.close()
      }
      expect(violations).toContain(servedRevoked)
    }, 120_000)
  })
})
