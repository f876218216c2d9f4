import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createVault, memoryKeystore, type Vault } from '../../client/index.ts'
import { eventually } from '../support/connections.ts'
import {
  patroniMissing,
  startPatroniCluster,
  type PatroniCluster,
  type PatroniNode,
} from '../support/patroni.ts'
import { acquire, call, openAccount, storeKey, type RawKey } from '../support/raw-client.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

if (patroniMissing !== null) process.stdout.write(`Skipped, test/faults/failover: ${patroniMissing}.\n`)

/** From the kill on: Patroni waits for 20 s before it believes in it. The rest is for a busy machine. */
const outageMsMax = 60_000

describe.skipIf(patroniMissing !== null)('a primary under Patroni that is killed', () => {
  let cluster: PatroniCluster
  const servers: TestServer[] = []
  const url = () => cluster.url('claviger', 'password', 'claviger')
  beforeAll(async () => {
    cluster = await startPatroniCluster()
    const create = async (sql: postgres.Sql) => {
      await sql`CREATE ROLE claviger LOGIN PASSWORD 'password'`
      await sql`CREATE DATABASE claviger OWNER claviger`
    }
    await administer(cluster.nodes[0], create, { database: 'postgres' })
    servers.push(await startTestServer(url()), await startTestServer(url()))
  }, 180_000)
  afterAll(async () => {
    for (const server of servers) await server.stop()
    await cluster.stop()
  })

  test('costs nothing that was acknowledged: uses are counted exactly, alerts come once and in order, and all servers serve again by themselves', async () => {
    const loads = await Promise.all(servers.flatMap(({ url: at }) => [startAcquiring(at), startRevoking(at)]))
    const done = () => loads.map(({ acknowledged }) => acknowledged.length)
    const more = (than: readonly number[]) => done().every((count, index) => count >= (than[index] ?? 0) + 10)
    await eventually(() => more([0, 0, 0, 0]), { withinMs: 60_000, what: 'the load runs' })

    const roles = await Promise.all(cluster.nodes.map((node) => node.is('primary')))
    const primary = cluster.nodes[roles.indexOf(true)]
    const standby = cluster.nodes[roles.indexOf(false)]
    await primary?.kill()
    const killedAt = performance.now()
    const before = done()
    await eventually(async () => standby?.is('primary') ?? false, {
      withinMs: outageMsMax,
      what: 'the standby is the primary',
    })
    const promotedMs = performance.now() - killedAt
    await eventually(() => more(before), { withinMs: outageMsMax, what: 'every client writes again' })
    const servingMs = performance.now() - killedAt
    await eventually(async () => (await Promise.all(servers.map(isReady))).every((ready) => ready), {
      withinMs: outageMsMax,
      what: 'every server is ready',
    })
    const readyMs = performance.now() - killedAt
    expect(servingMs).toBeLessThan(outageMsMax)
    for (const load of loads) await load.stop()
    const faults = servers.flatMap(({ logLines }) => logLines.filter((line) => line.includes('"level":50')))
    expect(faults, 'a database that is away is a warning, and no fault').toEqual([])

    let acknowledged = 0
    for (const load of loads) {
      acknowledged += load.acknowledged.length
      await load.assertNothingLost()
    }
    process.stdout.write(
      `failover: ${String(acknowledged)} acknowledged, 0 lost; a primary again after ${seconds(promotedMs)}, ` +
        `every client wrote again after ${seconds(servingMs)}, and /readyz answered 200 after ${seconds(readyMs)}\n`,
    )

    // Controls: one use and one alert that are missing are found.
    await administer(standby, async (sql) => {
      await sql`UPDATE transaction_key_usage SET use_count = use_count - 1`
      await sql`DELETE FROM alerts WHERE (account_id, position) IN (SELECT account_id, max(position) FROM alerts GROUP BY account_id)`
    })
    for (const load of loads) await expect(load.assertNothingLost()).rejects.toThrow('expected')
    for (const load of loads) await load.end()
  }, 180_000)
})

async function isReady({ url }: TestServer): Promise<boolean> {
  return (await fetch(`${url}/readyz`)).ok
}

interface Load {
  /** Ids of what was acknowledged. */
  readonly acknowledged: readonly string[]
  stop(): Promise<void>
  /** Ends what it follows. */
  end(): Promise<void>
  assertNothingLost(): Promise<void>
}

/** One client's acquisitions, each repeated under its id until it is answered. */
async function startAcquiring(url: string): Promise<Load> {
  const { key } = await openAccount(url)
  const { id } = await storeKey(url, key)
  const { acknowledged, stop } = repeat(async (acquisitionId) => {
    const answer = await acquire(url, key, { id, acquisitionId })
    return answer.errors.length === 0
  })
  return {
    acknowledged,
    stop,
    end: () => Promise.resolve(),
    assertNothingLost: async () => {
      expect(await useCountOf(url, { key, id })).toBe(acknowledged.length)
    },
  }
}

/** An owner who stores a key and revokes it, again and again, and follows the alerts of that. */
async function startRevoking(url: string): Promise<Load> {
  const vault = await createVault({ url, owner: `owner-${randomUUID()}`, keystore: memoryKeystore() })
  const alerts = follow(vault)
  const revoked: string[] = []
  const { acknowledged, stop } = repeat(async () => {
    const { id } = await vault.createKey('https://shop.example')
    // Its revocation may be acknowledged at a repetition only, which raises no second alert.
    await insist(() => vault.revokeKey(id))
    revoked.push(id)
    return true
  })
  return {
    acknowledged,
    stop,
    end: () => alerts.end(),
    assertNothingLost: async () => {
      for (const id of revoked)
        expect(await vault.key(id)).toMatchObject({ state: 'REVOKED', trustError: null })
      const stored = await allAlerts(vault)
      await eventually(() => alerts.cursors.length >= stored.length, {
        withinMs: 20_000,
        what: 'all alerts come',
      })
      expect(alerts.cursors).toEqual(stored.map(({ cursor }) => cursor))
      const told = stored.map((alert) =>
        alert.kind === 'KEY_REVOKED' ? alert.transactionKey.id : alert.kind,
      )
      expect(told.filter((id) => revoked.includes(id))).toEqual(revoked)
    },
  }
}

function repeat(work: (id: string) => Promise<boolean>): {
  acknowledged: string[]
  stop: () => Promise<void>
} {
  const acknowledged: string[] = []
  const stopping = new AbortController()
  const ended = (async () => {
    while (!stopping.signal.aborted) {
      const id = randomUUID()
      await insist(async () => {
        if (!(await work(id))) throw new Error('It was refused.')
      })
      acknowledged.push(id)
      await delay(50)
    }
  })()
  return {
    acknowledged,
    stop: async () => {
      stopping.abort()
      await ended
    },
  }
}

/** Until it succeeds; the test's time-out ends it. */
async function insist(work: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await work()
      return
    } catch {
      await delay(200)
    }
  }
}

function follow(vault: Vault): { readonly cursors: readonly string[]; end(): Promise<void> } {
  const cursors: string[] = []
  const ending = new AbortController()
  const ended = (async () => {
    for await (const { cursor } of vault.alerts({ signal: ending.signal })) cursors.push(cursor)
  })()
  return {
    cursors,
    end: async () => {
      ending.abort()
      await ended
    },
  }
}

async function allAlerts(vault: Vault) {
  const alerts = []
  for (let after: string | null = null; ;) {
    const page = await vault.alertHistory({ first: 100, ...(after !== null && { after }) })
    alerts.push(...page.alerts)
    if (!page.hasNextPage) return alerts
    after = page.endCursor
  }
}

async function useCountOf(url: string, { key, id }: { readonly key: RawKey; readonly id: string }) {
  const { data } = await call(url, key, {
    query: 'query ($id: ID!) { transactionKey(id: $id) { useCount } }',
    variables: { id },
  })
  const useCount: unknown = data?.['transactionKey']?.useCount
  return useCount
}

async function administer(
  node: PatroniNode | undefined,
  work: (sql: postgres.Sql) => Promise<void>,
  { database = 'claviger' }: { readonly database?: string } = {},
): Promise<void> {
  const sql = postgres(node?.superuserUrl(database) ?? '', { max: 1 })
  try {
    await work(sql)
  } finally {
    await sql.end({ timeout: 2 })
  }
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`
}
