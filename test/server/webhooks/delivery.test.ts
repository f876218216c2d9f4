import { expect, test } from 'vitest'
import { pick, succeed } from '../../support/operations.ts'
import { useWorld } from '../../support/realtime.ts'
import { settleClock } from '../../support/clock.ts'
import { eventually, keepDoing } from '../../support/connections.ts'
import { alertIds, openOwner, raise, receiver, setWebhook, webhooksOf } from '../../support/webhooks.ts'

const world = useWorld({ count: 2, allowsPrivateWebhooks: true })

/** Lets the next attempts be due now instead of when their time comes. */
function elapse(id: string) {
  return world.sql`UPDATE webhooks SET due_at = now() WHERE id = ${id} AND due_at > now()`
}

/** Lets the receiver have failed for so long, and its alerts be as old. */
async function age(id: string, days: number): Promise<void> {
  await world.sql`UPDATE webhooks SET failing_since = failing_since - make_interval(days => ${days}) WHERE id = ${id}`
  const [webhook] = await world.sql<
    { account_id: string }[]
  >`SELECT account_id FROM webhooks WHERE id = ${id}`
  await world.sql`
    UPDATE alerts SET occurred_at = occurred_at - make_interval(days => ${days})
    WHERE account_id = ${webhook?.account_id ?? ''}`
  await settleClock(world.sql)
}

async function stateOf(key: Parameters<typeof webhooksOf>[1]) {
  const [webhook] = await webhooksOf(world.url, key)
  if (webhook === undefined) throw new TypeError('The account has a webhook.')
  return webhook
}

test('two servers post each alert in order, and once when the receiver takes it', async () => {
  const target = await receiver()
  const owner = await openOwner(world.url)
  await setWebhook(world.url, owner.key, { url: target.url })
  await Promise.all([0, 1, 2, 3].map(() => raise(world, owner, { count: 25 })))
  const ids = await alertIds(world.url, owner.key)
  expect(ids).toHaveLength(100)
  await eventually(() => target.taken().length >= 100, { withinMs: 15_000, what: 'all messages' })
  expect(target.taken()).toEqual(ids)
  // The receiver has the last one before the server has written so.
  await eventually(async () => (await stateOf(owner.key))['nextAttemptAt'] === null, {
    withinMs: 5_000,
    what: 'nothing is left to post',
  })
  const { lastDeliveredAt, failingSince } = await stateOf(owner.key)
  expect(lastDeliveredAt).not.toBeNull()
  expect(failingSince).toBeNull()
})

test('a receiver that fails now and then has every alert in order, by its id once', async () => {
  let count = 0
  const target = await receiver(() => (count++ % 3 === 0 ? 503 : 204))
  const owner = await openOwner(world.url)
  const { id } = await setWebhook(world.url, owner.key, { url: target.url })
  const endElapsing = keepDoing(() => elapse(id), 50)
  await raise(world, owner, { count: 20 })
  await eventually(() => target.taken().length >= 20, { withinMs: 20_000, what: 'all messages' })
  await endElapsing()
  expect(target.received.length).toBeGreaterThan(20)
  expect([...new Set(target.taken())]).toEqual(await alertIds(world.url, owner.key))
})

test('a receiver whose answers are lost has every alert in order, by its id once', async () => {
  let count = 0
  // Taken, and the connection is cut before the answer.
  const target = await receiver((_headers, response) => {
    if (count++ % 2 === 1) return 204
    response.destroy()
    return null
  })
  const owner = await openOwner(world.url)
  const { id } = await setWebhook(world.url, owner.key, { url: target.url })
  const endElapsing = keepDoing(() => elapse(id), 50)
  await raise(world, owner, { count: 10 })
  await eventually(() => target.taken().length >= 10, { withinMs: 20_000, what: 'all messages' })
  await endElapsing()
  const arrived = target.received.map(({ headers }) => headers['webhook-id'])
  expect(arrived).toHaveLength(20)
  expect([...new Set(arrived)]).toEqual(await alertIds(world.url, owner.key))
})

test('a slow receiver delays no other webhook, not even of the same account', async () => {
  const slow = await receiver(() => null)
  const fast = await receiver()
  const owner = await openOwner(world.url)
  await setWebhook(world.url, owner.key, { url: slow.url })
  await setWebhook(world.url, owner.key, { url: fast.url })
  await raise(world, owner, { count: 5 })
  await eventually(() => fast.taken().length >= 5, { withinMs: 5_000, what: 'the fast one’s messages' })
  await eventually(() => slow.received.length === 1, { withinMs: 5_000, what: 'the slow one’s message' })
})

test('what a server had leased when it died is posted by another once the lease has run out', async () => {
  const target = await receiver()
  const owner = await openOwner(world.url)
  const { id } = await setWebhook(world.url, owner.key, { url: target.url })
  await world.sql`
    UPDATE webhooks SET lease = gen_random_uuid(), leased_until = now() + interval '1 hour' WHERE id = ${id}`
  await raise(world, owner)
  await new Promise((resolve) => setTimeout(resolve, 800))
  expect(target.received).toEqual([])
  await world.sql`UPDATE webhooks SET leased_until = now() WHERE id = ${id}`
  await eventually(() => target.taken().length === 1, { withinMs: 5_000, what: 'the message' })
})

test('what was not taken for three days is a dead letter, and those behind it go on', async () => {
  const owner = await openOwner(world.url)
  let poison = ''
  const target = await receiver(({ 'webhook-id': id }) => (id === poison ? 400 : 204))
  const { id } = await setWebhook(world.url, owner.key, { url: target.url })
  await world.sql`UPDATE webhooks SET leased_until = now() + interval '1 hour' WHERE id = ${id}`
  await raise(world, owner, { count: 3 })
  ;[poison = ''] = await alertIds(world.url, owner.key)
  await world.sql`UPDATE webhooks SET leased_until = NULL WHERE id = ${id}`
  await eventually(async () => (await stateOf(owner.key))['failure'] === 'HTTP_400', {
    withinMs: 5_000,
    what: 'the failure',
  })
  expect(target.taken()).toEqual([])
  await age(id, 3)
  // An alert of another time is another one.
  const ids = await alertIds(world.url, owner.key)
  poison = ids[0] ?? ''
  await elapse(id)
  // The last one tells that there is a dead letter.
  await eventually(() => target.taken().length === 3, { withinMs: 5_000, what: 'the others' })
  const all = await alertIds(world.url, owner.key)
  expect(all.slice(0, -1)).toEqual(ids)
  expect(target.taken()).toEqual(all.slice(1))
  const state = await stateOf(owner.key)
  expect(state).toMatchObject({
    failingSince: null,
    deadLetterCount: 1,
    deadLetters: [{ failure: 'HTTP_400', alert: { id: poison } }],
  })

  // Asked for again it is posted once more, whatever comes of it.
  const redeliver = { query: 'mutation ($id: ID!) { redeliverWebhook(id: $id) { id } }', variables: { id } }
  const before = target.received.length
  await succeed(world.url, owner.key, redeliver)
  await eventually(() => target.received.length > before, { withinMs: 5_000, what: 'another attempt' })
  expect(await stateOf(owner.key)).toMatchObject({ deadLetterCount: 1 })
  poison = ''
  await succeed(world.url, owner.key, redeliver)
  await eventually(async () => (await stateOf(owner.key))['deadLetterCount'] === 0, {
    withinMs: 5_000,
    what: 'the redelivery',
  })
  expect(target.taken()).toEqual([...all.slice(1), ids[0]])
})

test('the first dead letter is told to the other webhooks, and further ones are not', async () => {
  const owner = await openOwner(world.url)
  const [other, target] = [await receiver(), await receiver(() => 500)]
  await setWebhook(world.url, owner.key, { url: other.url })
  const { id } = await setWebhook(world.url, owner.key, { url: target.url })
  const failing = async () => (await webhooksOf(world.url, owner.key)).find((webhook) => webhook['id'] === id)
  await raise(world, owner, { count: 3 })
  await eventually(async () => (await failing())?.['failure'] === 'HTTP_500', {
    withinMs: 5_000,
    what: 'the first failure',
  })
  await age(id, 4)
  await elapse(id)
  await eventually(async () => (await failing())?.['deadLetterCount'] === 3, {
    withinMs: 10_000,
    what: 'three dead letters',
  })
  const told = () =>
    other.received.map(({ body }): unknown => JSON.parse(body)).filter((message) => isFailing(message, id))
  await eventually(() => told().length > 0, { withinMs: 5_000, what: 'the news' })
  const ids = await alertIds(world.url, owner.key)
  await eventually(() => other.taken().at(-1) === ids.at(-1), { withinMs: 5_000, what: 'all news' })
  expect(told()).toHaveLength(1)
})

function isFailing(message: unknown, channelId: string): boolean {
  const [told, change] = ['channelId', 'change'].map((name) => pick(message, 'data', name))
  return told === channelId && change === 'FAILING'
}

test('a receiver that is gone is asked no more, until its owner says so', async () => {
  let status = 410
  const target = await receiver(() => status)
  const owner = await openOwner(world.url)
  await setWebhook(world.url, owner.key, { url: target.url })
  await raise(world, owner)
  await eventually(async () => (await stateOf(owner.key))['disabledAt'] !== null, {
    withinMs: 5_000,
    what: 'the end',
  })
  await raise(world, owner, { count: 2 })
  await new Promise((resolve) => setTimeout(resolve, 800))
  expect(target.received).toHaveLength(1)
  status = 204
  await setWebhook(world.url, owner.key, { url: target.url })
  // The alert, the end of deliveries, two more alerts, and that deliveries go on.
  await eventually(() => target.taken().length === 5, { withinMs: 5_000, what: 'all messages' })
  expect(target.taken()).toEqual(await alertIds(world.url, owner.key))
  expect(await stateOf(owner.key)).toMatchObject({ disabledAt: null, failure: null })
})

test('nothing more is posted to a webhook that was removed', async () => {
  const target = await receiver()
  const owner = await openOwner(world.url)
  const { id } = await setWebhook(world.url, owner.key, { url: target.url })
  await succeed(world.url, owner.key, {
    query: 'mutation ($id: ID!) { removeWebhook(id: $id) { id } }',
    variables: { id },
  })
  await raise(world, owner)
  await new Promise((resolve) => setTimeout(resolve, 800))
  expect(target.received).toEqual([])
  expect(await webhooksOf(world.url, owner.key)).toEqual([])
})

test('a secret that the server cannot open any more is a failure that its owner sees, and mends', async () => {
  const target = await receiver()
  const owner = await openOwner(world.url)
  const { id } = await setWebhook(world.url, owner.key, { url: target.url })
  await world.sql`UPDATE webhooks SET sealed_secret = 'lost' WHERE id = ${id}`
  await raise(world, owner)
  await eventually(async () => (await stateOf(owner.key))['failure'] === 'SECRET_LOST', {
    withinMs: 5_000,
    what: 'the failure',
  })
  await setWebhook(world.url, owner.key, { url: target.url, renewSecret: true })
  // And then that the webhook was changed. Its back-off after one or two failures is some time within ten seconds.
  await eventually(() => target.taken().length >= 1, { withinMs: 20_000, what: 'the message' })
})
