import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createInvitation, hashOfInvitation } from '../../server/accounts/invitations.ts'
import { isOnCitus } from '../support/citus.ts'
import { eventually } from '../support/connections.ts'
import { startProxiedCitus, type ProxiedCitus } from '../support/proxied-citus.ts'
import {
  acquire,
  call,
  createRawKey,
  storeKey,
  type GraphQLAnswer,
  type RawKey,
} from '../support/raw-client.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { addKey } from '../support/trust.ts'

if (!isOnCitus) process.stdout.write('Skipped: needs a Citus at TEST_DATABASE_URL, and TEST_CITUS=1.\n')

describe.skipIf(!isOnCitus)('openings of accounts on Citus', () => {
  let citus: ProxiedCitus
  /** The way of `server` to the coordinator. */
  let coordinator: TcpProxy
  let server: TestServer
  let awayWorker: TcpProxy

  beforeAll(async () => {
    citus = await startProxiedCitus()
    coordinator = await startTcpProxy(citus.url)
    server = await startTestServer(coordinator.url, {
      registration: 'INVITE',
      rateLimits: { openings: { count: 1_000, seconds: 3_600 } },
    })
    const [first] = citus.workers
    if (first === undefined) throw new TypeError('There are workers.')
    awayWorker = first
  }, 120_000)

  afterAll(async () => {
    coordinator.restore()
    for (const worker of citus.workers) worker.restore()
    await server.stop()
    await coordinator.close()
    await citus.close()
  })

  async function open(name: string, { key, invitation }: { key: RawKey; invitation: string }) {
    const { signingKey, wrappingKey } = key
    return call(server.url, key, {
      query: 'mutation ($input: OpenAccountInput!) { openAccount(input: $input) { id } }',
      variables: { input: { name, invitation, managementKey: { label: 'x', signingKey, wrappingKey } } },
    })
  }

  async function invite(): Promise<string> {
    const invitation = createInvitation()
    await citus.sql`
      INSERT INTO invitations (hash, expires_at)
      VALUES (${hashOfInvitation(invitation)}, clock_timestamp() + interval '1 hour')`
    return invitation
  }

  /** So many names of each, as yet not opened: of accounts on the worker that goes away, and on others. */
  async function namesOfBoth(count: number): Promise<{ away: string[]; living: string[] }> {
    const names = { away: [] as string[], living: [] as string[] }
    while (names.away.length < count || names.living.length < count) {
      const name = `owner-${randomUUID()}`
      const list = (await citus.workerOf(name)) === awayWorker ? names.away : names.living
      if (list.length < count) list.push(name)
    }
    return names
  }

  const outcomeOf = ({ errors, code }: GraphQLAnswer) => (errors.length === 0 ? 'OPENED' : code)

  test('while a worker is away, each account that is on another one is opened, and the others when it is back', async () => {
    const names = await namesOfBoth(20)
    const asked = await Promise.all(
      [...names.living, ...names.away].map(async (name) => ({
        name,
        key: await createRawKey(),
        invitation: await invite(),
      })),
    )
    awayWorker.refuse()
    const outcomes = []
    for (const one of asked) outcomes.push(outcomeOf(await open(one.name, one)))
    expect(outcomes).toEqual([...names.living.map(() => 'OPENED'), ...names.away.map(() => 'UNAVAILABLE')])

    // They are in use at once, also through a server that has not opened them, and with a second management key.
    const second = await startTestServer(citus.url)
    try {
      for (const { name, key } of asked.slice(0, 5)) {
        const { id } = await storeKey(second.url, key)
        const added = await addKey(second.url, { name, key }, { copies: [id] })
        expect((await acquire(second.url, added, { id })).errors).toEqual([])
      }
    } finally {
      await second.stop()
    }

    awayWorker.restore()
    const [refused] = asked.slice(names.living.length)
    if (refused === undefined) throw new TypeError('Some were refused.')
    await eventually(async () => outcomeOf(await open(refused.name, refused)) === 'OPENED', {
      withinMs: 20_000,
      what: 'an opening whose node is back',
    })
    for (const one of asked.slice(names.living.length + 1)) {
      expect([one.name, outcomeOf(await open(one.name, one))]).toEqual([one.name, 'OPENED'])
    }
  }, 120_000)

  test('while the worker of its account is away, a management key opens no other account, and an invitation neither', async () => {
    const names = await namesOfBoth(1)
    const [away = '', living = ''] = [...names.away, ...names.living]
    const taken = { key: await createRawKey(), invitation: await invite() }
    expect(outcomeOf(await open(away, taken))).toBe('OPENED')
    awayWorker.refuse()
    try {
      const [invitation, key] = [await invite(), await createRawKey()]
      expect(outcomeOf(await open(living, { key: taken.key, invitation }))).toBe('CONFLICT')
      expect(outcomeOf(await open(living, { key, invitation: taken.invitation }))).toBe('FORBIDDEN')
      // Refusals have used nothing up.
      expect(outcomeOf(await open(living, { key, invitation }))).toBe('OPENED')
      // Without its entry in the directory the key would be free (negative control).
      await citus.sql`DELETE FROM management_key_owners WHERE management_key_id = ${taken.key.id}`
      const [free = ''] = (await namesOfBoth(1)).living
      expect(outcomeOf(await open(free, { key: taken.key, invitation: await invite() }))).toBe('OPENED')
    } finally {
      awayWorker.restore()
    }
  })

  test('of many openings at once with one management key, on all workers, one succeeds, however its commit is cut off', async () => {
    for (let round = 0; round < 10; round++) {
      const names = await namesOfBoth(4)
      const all = [...names.away, ...names.living]
      const key = await createRawKey()
      const invitations = await Promise.all(all.map(invite))
      const openings = all.map((name, index) => open(name, { key, invitation: invitations[index] ?? '' }))
      // In the middle of them, for some of the rounds.
      if (round % 2 === 1) {
        await new Promise((resolve) => setTimeout(resolve, 5 * round))
        awayWorker.refuse()
      }
      const outcomes = (await Promise.all(openings)).map(outcomeOf)
      awayWorker.restore()
      expect(outcomes.filter((outcome) => outcome === 'OPENED').length).toBeLessThanOrEqual(1)
      if (round % 2 === 0) expect(outcomes.filter((outcome) => outcome === 'OPENED')).toHaveLength(1)
      const rows = () => citus.sql<{ accountId: string }[]>`
        SELECT account_id AS "accountId" FROM management_keys WHERE id = ${key.id}`
      const owners = () => citus.sql<{ accountId: string }[]>`
        SELECT account_id AS "accountId" FROM management_key_owners WHERE management_key_id = ${key.id}`
      // Citus does so by itself, each minute.
      const settle = () => citus.sql`SELECT recover_prepared_transactions()`
      const agree = () => settle().then(async () => (await rows()).length === (await owners()).length)
      await eventually(() => agree().catch(() => false), {
        withinMs: 20_000,
        what: 'the directory and the accounts agree',
      })
      expect((await rows()).length).toBeLessThanOrEqual(1)
      expect([...(await rows())]).toEqual([...(await owners())])
    }
  }, 120_000)

  test('while the coordinator is away, keys are acquired by signers that the server has never seen', async () => {
    const names = await namesOfBoth(3)
    const keys = new Map<RawKey, string>()
    const other = await startTestServer(citus.url)
    try {
      for (const name of [...names.away, ...names.living]) {
        const key = await createRawKey()
        expect(outcomeOf(await open(name, { key, invitation: await invite() }))).toBe('OPENED')
        const signer = await addKey(other.url, { name, key })
        keys.set(signer, (await storeKey(other.url, signer)).id)
      }
      coordinator.refuse()
      for (const [signer, id] of keys) {
        expect((await acquire(server.url, signer, { id })).errors).toEqual([])
      }
      const stranger = await acquire(server.url, await createRawKey(), { id: randomUUID() })
      expect(stranger.code).toBe('UNAVAILABLE')
    } finally {
      coordinator.restore()
      await other.stop()
    }
  }, 60_000)
})
