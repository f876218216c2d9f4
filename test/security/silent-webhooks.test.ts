import { randomUUID } from 'node:crypto'
import postgres from 'postgres'
import { describe, expect, test } from 'vitest'
import { accountIdOf } from '../../server/lib/account-id.ts'
import { leaseWebhooks } from '../../server/webhooks/lease.ts'
import { isOnCitus } from '../support/citus.ts'
import { eventually } from '../support/connections.ts'
import { createTestDatabase } from '../support/database.ts'
import { machinesOf } from '../support/machines.ts'
import { useWorld } from '../support/realtime.ts'
import { openAccount } from '../support/raw-client.ts'
import { openOwner, raise, receiver, setWebhook, webhooksOf } from '../support/webhooks.ts'

const world = useWorld({ allowsPrivateWebhooks: true })

test('100 accounts with a silent host delay the delivery of another tenant by nothing', async () => {
  const silent = await receiver(() => null)
  const [working, first] = [await receiver(), await receiver()]
  const [known, fresh] = [await openOwner(world.url), await openOwner(world.url)]
  await setWebhook(world.url, known.key, { url: working.url })
  await raise(world, known)
  await eventually(() => working.taken().length === 1, { withinMs: 5_000, what: 'the first message' })
  await setWebhook(world.url, fresh.key, { url: first.url })

  const names: string[] = []
  while (names.length < 100) {
    const accounts = await Promise.all(Array.from({ length: 10 }, () => openAccount(world.url)))
    await Promise.all(
      accounts.map(({ key, name }) => {
        names.push(name)
        return setWebhook(world.url, key, { url: silent.url })
      }),
    )
  }
  const details = { applicationServer: 'https://shop.example', presentedThumbprint: 'x' }
  for (const name of names) {
    await world.sql`
      SELECT raise_alert(${accountIdOf(name)}, 'PUBLIC_KEY_MISMATCH', NULL, NULL, ${world.sql.json(details)})`
  }
  await eventually(() => silent.received.length > 0, { withinMs: 5_000, what: 'a silent post' })
  await Promise.all([raise(world, known), raise(world, fresh)])
  // A post to the silent host takes 10 seconds.
  await eventually(() => working.taken().length === 2 && first.taken().length === 1, {
    withinMs: 5_000,
    what: 'the messages of the others',
  })
  // For each machine.
  expect(silent.received.length).toBeLessThanOrEqual(8 * (await machinesOf(world.databaseUrl)).length)
}, 60_000)

test('setting a webhook anew keeps its back-off, and asking for a redelivery ends it', async () => {
  const target = await receiver(() => 503)
  const owner = await openOwner(world.url)
  const { id } = await setWebhook(world.url, owner.key, { url: target.url })
  await raise(world, owner)
  await eventually(() => target.received.length > 0, { withinMs: 5_000, what: 'a failure' })
  await eventually(async () => (await webhooksOf(world.url, owner.key))[0]?.['failure'] === 'HTTP_503', {
    withinMs: 5_000,
    what: 'the failure',
  })
  const [row] = await world.sql<{ due_at: Date }[]>`
    UPDATE webhooks SET due_at = now() + interval '40 minutes', attempts = 12 WHERE id = ${id} RETURNING due_at`
  await setWebhook(world.url, owner.key, { url: target.url, kinds: ['KEY_REVOKED'] })
  const [after] = await world.sql<{ due_at: Date; attempts: number }[]>`
    SELECT due_at, attempts FROM webhooks WHERE id = ${id}`
  expect(after).toEqual({ due_at: row?.due_at, attempts: 12 })
})

if (isOnCitus) {
  process.stdout.write(
    'Left out on Citus: which of the webhooks that are due are leased. Each node has places of its own there.\n',
  )
}

describe.skipIf(isOnCitus)('of the webhooks that are due', () => {
  interface Due {
    readonly accountId?: string
    readonly url: string
    readonly isProven: boolean
  }

  /** Which of these are leased, in a database of their own. */
  async function leaseOf(
    due: readonly Due[],
    busy: Parameters<typeof leaseWebhooks>[1]['busy'] = [],
  ): Promise<readonly string[]> {
    const database = await createTestDatabase()
    const sql = postgres(database.url, { max: 1 })
    try {
      for (const [index, { accountId = randomUUID(), url, isProven }] of due.entries()) {
        await sql`INSERT INTO accounts (id, name) VALUES (${accountId}, ${accountId}) ON CONFLICT DO NOTHING`
        await sql`
          INSERT INTO webhooks (account_id, id, url, sealed_secret, position, newest_position, due_at, last_delivered_at)
          VALUES (${accountId}, ${randomUUID()}, ${url}, '', 0, 1,
            now() - make_interval(secs => ${due.length - index}), CASE WHEN ${isProven} THEN now() END)`
      }
      const leased = await leaseWebhooks(sql, { proven: 4, unproven: 10, busy })
      return leased.flatMap((webhook) => ('url' in webhook ? [webhook.url] : []))
    } finally {
      await sql.end()
      await database.drop()
    }
  }

  const silent = Array.from({ length: 40 }, (_, number) => ({
    url: `https://silent-${String(number)}.example/`,
    isProven: false,
  }))
  const working = { url: 'https://working.example/', isProven: true }

  test('those that work have places of their own, whatever hosts strangers name', async () => {
    const leased = await leaseOf([...silent, working])
    expect(leased).toHaveLength(11)
    expect(leased).toContain(working.url)
  })

  test('an account has two, one that works before one that does not', async () => {
    const accountId = randomUUID()
    const leased = await leaseOf([
      ...silent.slice(0, 3).map((webhook) => ({ ...webhook, accountId })),
      { ...working, accountId },
    ])
    expect(leased.toSorted()).toEqual([silent[0]?.url, working.url])
  })

  test('what is under way counts, for its account and for its host', async () => {
    const accountId = randomUUID()
    const ofAccount = { account_id: accountId, host: 'other.example', is_proven: false }
    const ofHost = { account_id: randomUUID(), host: 'silent.example', is_proven: false }
    const due = [
      { accountId, url: 'https://one.example/', isProven: false },
      ...Array.from({ length: 9 }, (_, number) => ({
        url: `https://silent.example/${String(number)}`,
        isProven: false,
      })),
    ]
    const leased = await leaseOf(due, [
      ofAccount,
      ofAccount,
      ...Array.from({ length: 5 }, () => ({ ...ofHost })),
    ])
    expect(leased.toSorted()).toEqual([
      'https://silent.example/0',
      'https://silent.example/1',
      'https://silent.example/2',
    ])
  })
})
