import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { accountIdOf } from '../../server/lib/account-id.ts'
import { isOnCitus, nodesOf, urlOfNode } from '../support/citus.ts'
import { administer, eventually } from '../support/connections.ts'
import { alertsOf, pick, secondsAhead } from '../support/operations.ts'
import { startProxiedCitus, type ProxiedCitus } from '../support/proxied-citus.ts'
import { acquire, call, openAccount, storeKey, type RawAccount } from '../support/raw-client.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { feedOverSocket } from '../support/socket.ts'

if (!isOnCitus) process.stdout.write('Skipped: needs a Citus at TEST_DATABASE_URL, and TEST_CITUS=1.\n')

describe.skipIf(!isOnCitus)('while a worker is away', () => {
  let citus: ProxiedCitus
  let server: TestServer
  const accounts: RawAccount[] = []

  beforeAll(async () => {
    citus = await startProxiedCitus()
    server = await startTestServer(citus.url)
    for (let opened = 0; opened < 8; opened++) accounts.push(await openAccount(server.url))
  }, 120_000)

  afterAll(async () => {
    for (const worker of citus.workers) worker.restore()
    await server.stop()
    await citus.close()
  })

  test('accounts of the others are served, and alerted in time; its own are when it is back, each alert once', async () => {
    const gone = citus.workers[0]
    if (gone === undefined) throw new TypeError('There are workers.')
    const places = await Promise.all(accounts.map((account) => citus.workerOf(account.name)))
    const away = accounts.filter((_, index) => places[index] === gone)
    const living = accounts.filter((_, index) => places[index] !== gone)
    expect([away.length > 0, living.length > 0]).toEqual([true, true])

    const expiresAt = secondsAhead(12)
    const keys = new Map<string, string>()
    for (const { name: owner, key } of accounts) {
      keys.set(
        owner,
        (await storeKey(server.url, key, { expiresAt: expiresAt.toISOString(), expiryNotices: [] })).id,
      )
    }
    const feeds = await Promise.all(
      living.map(({ key }) => feedOverSocket(server.url, key, { kinds: ['KEY_EXPIRED'] })),
    )
    gone.refuse()

    // Acquisitions of the living ones go on, and those of the others are refused as unavailable.
    for (const { name: owner, key } of living) {
      await eventually(
        async () => (await acquire(server.url, key, { id: keys.get(owner) ?? '' })).errors.length === 0,
        { withinMs: 10_000, what: 'an acquisition on a living node' },
      )
    }
    const [first] = away
    const refused = first && (await acquire(server.url, first.key, { id: keys.get(first.name) ?? '' }))
    expect(refused?.errors).toMatchObject([{ extensions: { code: 'UNAVAILABLE' } }])
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200)

    const alerts = await Promise.all(feeds.map((feed) => feed.next(20_000)))
    expect(Date.now() - expiresAt.getTime()).toBeLessThan(5_000)
    expect(alerts.map(({ kind }) => kind)).toEqual(living.map(() => 'KEY_EXPIRED'))

    gone.restore()
    const ofKind = (account: RawAccount) => alertsOf(server.url, account.key, ['KEY_EXPIRED']).catch(() => [])
    for (const account of away) {
      await eventually(async () => (await ofKind(account)).length === 1, {
        withinMs: 30_000,
        what: 'the alert of an account whose node is back',
      })
      expect((await acquire(server.url, account.key, { id: keys.get(account.name) ?? '' })).errors).toEqual(
        [],
      )
    }
    for (const account of accounts) expect(await ofKind(account)).toHaveLength(1)
    await Promise.all(feeds.map((feed) => feed.close()))
  }, 120_000)

  test('accounts of the others are found by a server that knows none, and verified beside those that are away', async () => {
    const gone = citus.workers[0]
    if (gone === undefined) throw new TypeError('There are workers.')
    const places = await Promise.all(accounts.map((account) => citus.workerOf(account.name)))
    const keys = await Promise.all(accounts.map(async ({ key }) => storeKey(server.url, key)))
    gone.refuse()
    // This server has cached nothing of the directory.
    const second = await startTestServer(server.databaseUrl, { rateLimits: {} })
    try {
      for (const [index, { key }] of accounts.entries()) {
        const { errors, code } = await acquire(second.url, key, { id: keys[index]?.id ?? '' })
        const isAway = places[index] === gone
        expect([index, isAway ? code : errors]).toEqual([index, isAway ? 'UNAVAILABLE' : []])
      }
      const verified = await Promise.all(
        accounts.map(({ name: owner }, index) =>
          call(second.url, null, {
            query: 'query ($input: VerifyPublicKeyInput!) { verifyPublicKey(input: $input) { valid } }',
            variables: {
              input: { owner, applicationServer: 'https://shop.example', publicKey: keys[index]?.publicKey },
            },
          }),
        ),
      )
      expect(verified.map(({ code, data }) => code ?? pick(data, 'verifyPublicKey', 'valid'))).toEqual(
        places.map((place) => (place === gone ? 'UNAVAILABLE' : true)),
      )
    } finally {
      await second.stop()
      gone.restore()
    }
  }, 120_000)

  test('a server does not start while a worker may lose what it acknowledged', async () => {
    const [, first] = await nodesOf(inject('clusterUrl'))
    if (first === undefined) throw new TypeError('There is a worker.')
    const ofWorker = administer(urlOfNode(inject('clusterUrl'), first, citus.name))
    try {
      const set = (value: string) =>
        ofWorker.sql.begin(async (tx) => {
          await tx`SET LOCAL citus.enable_ddl_propagation TO off`
          await tx.unsafe(`ALTER DATABASE ${citus.name} SET synchronous_commit TO ${value}`)
        })
      await set('off')
      await expect(startTestServer(server.databaseUrl)).rejects.toThrow('may lose what it acknowledged')
      await set('on')
      await (await startTestServer(server.databaseUrl)).stop()
    } finally {
      await ofWorker.close()
    }
  })

  test('a revocation of a management key and an acquisition exclude each other, wherever the account is', async () => {
    const bystander = await openAccount(server.url)
    for (const { name: owner, key } of accounts) {
      const { id } = await storeKey(server.url, key)
      let isAnswered = false
      let acquiring: ReturnType<typeof acquire> | undefined
      await citus.sql.begin(async (tx) => {
        await tx`SELECT pg_advisory_xact_lock(management_keys_lock(id)) FROM accounts WHERE id = ${accountIdOf(owner)}`
        acquiring = acquire(server.url, key, { id })
        void acquiring.then(() => (isAnswered = true))
        await new Promise((resolve) => setTimeout(resolve, 500))
        expect(isAnswered).toBe(false)
        // The lock is this account's alone (negative control).
        const other = await storeKey(server.url, bystander.key)
        expect((await acquire(server.url, bystander.key, { id: other.id })).errors).toEqual([])
      })
      expect((await acquiring)?.errors).toEqual([])
    }
  })
})
