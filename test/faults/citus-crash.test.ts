import { setTimeout as delay } from 'node:timers/promises'
import postgres from 'postgres'
import { describe, expect, inject, test } from 'vitest'
import { isOnCitus, nodesOf, urlOfNode } from '../support/citus.ts'
import { eventually } from '../support/connections.ts'
import { closeFeeds, expectExact, load, openLoadedOwners } from '../support/owner-load.ts'
import { useWorld } from '../support/world.ts'

/*
 * A node crashes whole: one of its processes is killed, and PostgreSQL then ends all others and recovers from its log.
 * That hits every database of the node, so nothing else runs meanwhile: TEST_CITUS=crash runs this file alone.
 */

if (!isOnCitus) process.stdout.write('Skipped: needs a Citus at TEST_DATABASE_URL, and TEST_CITUS=crash.\n')

describe.skipIf(!isOnCitus)('under load', () => {
  const world = useWorld({ count: 2 })

  /** Also when it crashes before it answers. */
  async function crash(url: string): Promise<void> {
    const sql = postgres(url, { max: 1, connect_timeout: 10, onnotice: () => undefined })
    try {
      await sql.unsafe(`COPY (SELECT) TO PROGRAM 'kill -9 $PPID'`)
      throw new TypeError('The node has not crashed.')
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error
    } finally {
      await sql.end({ timeout: 0 })
    }
  }

  test.each(['the coordinator', 'a worker'])(
    'while %s crashes, twice, uses count once and alerts come once',
    async (part) => {
      const urls = world.servers.map(({ url }) => url)
      const owners = await openLoadedOwners(world.url, 8)
      const nodes = await nodesOf(inject('clusterUrl'))
      const node = nodes[part === 'the coordinator' ? 0 : 1]
      if (node === undefined) throw new TypeError('There is such a node.')
      const report = await load(urls, owners, async () => {
        for (let times = 0; times < 2; times++) {
          await delay(3_000)
          await crash(urlOfNode(inject('clusterUrl'), node))
          await delay(5_000)
        }
      })
      process.stdout.write(`While ${part} crashed: ${JSON.stringify(report)}\n`)
      expect(report.granted).toBeGreaterThan(100)
      expect(report.unavailable).toBeGreaterThan(0)
      expect(report.longestMs).toBeLessThan(15_000)
      for (const url of urls) {
        await eventually(async () => (await fetch(`${url}/readyz`)).status === 200, {
          withinMs: 20_000,
          what: 'ready again',
        })
      }
      await expectExact(world.url, owners)
      await closeFeeds(owners)
    },
    180_000,
  )
})
