import { beforeAll, describe, expect, test } from 'vitest'
import { pick, succeed, useWorld } from '../../support/operations.ts'
import { eventually } from '../../support/connections.ts'
import { acquire, storeKey } from '../../support/raw-client.ts'
import { startReceiver, type Received, type Receiver } from '../../support/webhook-receiver.ts'
import { isAuthentic } from './standard-webhooks.ts'
import { alertIds, openOwner, raise, setWebhook, type Owner } from '../../support/webhooks.ts'

const world = useWorld({ allowsPrivateWebhooks: true })

describe('a message', () => {
  let target: Receiver
  let owner: Owner
  let secret: string
  let message: Received

  beforeAll(async () => {
    target = await startReceiver()
    owner = await openOwner(world.url)
    secret = String((await setWebhook(world.url, owner.key, { url: target.url })).secret)
    const { id } = await storeKey(world.url, owner.key, { maxUses: 1 })
    await acquire(world.url, owner.key, { id })
    await acquire(world.url, owner.key, { id })
    await eventually(() => target.received.length === 1, { withinMs: 5_000, what: 'a message' })
    const [first] = target.received
    if (first === undefined) throw new TypeError('It has arrived.')
    message = first
    return () => target.close()
  })

  test('is signed as Standard Webhooks has it, by the secret that was shown', () => {
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    expect(isAuthentic(message, secret)).toBe(true)
  })

  test('is not authentic with another body, id, time or secret (negative control)', () => {
    const { headers, body } = message
    expect(isAuthentic({ headers, body: body.replace('KEY', 'KEX') }, secret)).toBe(false)
    expect(isAuthentic({ headers: { ...headers, 'webhook-id': 'other' }, body }, secret)).toBe(false)
    const later = String(Number(headers['webhook-timestamp']) + 1)
    expect(isAuthentic({ headers: { ...headers, 'webhook-timestamp': later }, body }, secret)).toBe(false)
    expect(isAuthentic(message, `whsec_${Buffer.alloc(32).toString('base64')}`)).toBe(false)
  })

  test('is identified by its alert, and tells what the alert tells', async () => {
    const data = await succeed(world.url, owner.key, {
      query: `{ account { id alerts(first: 1) { edges { cursor node { id kind occurredAt
        ... on KeyOverusedAlert { maxUses excess refused transactionKey { id } managementKey { id } } } } } } }`,
    })
    const edge = pick(data, 'account', 'alerts', 'edges', 0)
    expect(message.headers['webhook-id']).toBe(pick(edge, 'node', 'id'))
    expect(message.headers['content-type']).toBe('application/json')
    expect(JSON.parse(message.body)).toEqual({
      type: 'KEY_OVERUSED',
      timestamp: pick(edge, 'node', 'occurredAt'),
      data: {
        id: pick(edge, 'node', 'id'),
        cursor: pick(edge, 'cursor'),
        accountId: pick(data, 'account', 'id'),
        kind: 'KEY_OVERUSED',
        occurredAt: pick(edge, 'node', 'occurredAt'),
        transactionKeyId: pick(edge, 'node', 'transactionKey', 'id'),
        maxUses: 1,
        excess: 1,
        refused: false,
        managementKeyId: owner.key.id,
      },
    })
  })

  test('is sealed nowhere in the database: the secret is', async () => {
    const [row] = await world.sql`SELECT sealed_secret FROM webhooks WHERE url = ${target.url}`
    const sealed = String(row?.['sealed_secret'])
    expect(sealed.split('.')).toHaveLength(5)
    const bytes = Buffer.from(secret.slice('whsec_'.length), 'base64')
    for (const form of ['base64', 'base64url', 'hex'] as const) {
      expect(sealed).not.toContain(bytes.toString(form).replaceAll('=', ''))
    }
  })
})

test('a renewed secret signs from then on, and the old one does no more', async () => {
  const target = await startReceiver()
  const owner = await openOwner(world.url)
  const old = await setWebhook(world.url, owner.key, { url: target.url })
  const renewed = await setWebhook(world.url, owner.key, { url: target.url, renewSecret: true })
  expect(renewed.id).toBe(old.id)
  await raise(world, owner)
  await eventually(() => target.received.length === 2, { withinMs: 5_000, what: 'the messages' })
  const message = target.received.at(-1)
  expect(message && isAuthentic(message, String(renewed.secret))).toBe(true)
  expect(message && isAuthentic(message, String(old.secret))).toBe(false)
  await target.close()
})

test('only alerts to come are posted, and only of the kinds that were asked for', async () => {
  const all = await startReceiver()
  const some = await startReceiver()
  const owner = await openOwner(world.url)
  await raise(world, owner)
  await setWebhook(world.url, owner.key, { url: all.url })
  await setWebhook(world.url, owner.key, { url: some.url, kinds: ['KEY_EXPIRED'] })
  await raise(world, owner, { count: 3 })
  await raise(world, owner, { kind: 'KEY_EXPIRED' })
  const ids = await alertIds(world.url, owner.key)
  await eventually(() => some.received.length === 1 && all.received.length === 5, {
    withinMs: 5_000,
    what: 'the messages',
  })
  expect(all.taken()).toEqual(ids.slice(1))
  // The other one is told that this one was added, and this one is not.
  expect(some.taken()).toEqual(ids.slice(5))
  await Promise.all([all.close(), some.close()])
})
