import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { confirmedAddress, elapse, mailsTo } from '../../support/channels.ts'
import { eventually } from '../../support/connections.ts'
import { startMailServer } from '../../support/mail-server.ts'
import { pick, succeed, useWorld } from '../../support/operations.ts'
import { openAccount } from '../../support/raw-client.ts'
import type { Receiver } from '../../support/webhook-receiver.ts'
import { alertIds, receiver, setWebhook } from '../../support/webhooks.ts'

/* Whoever has stolen a key would send alerts elsewhere first: every change of a webhook is told where alerts went before. */

const post = await startMailServer()
afterAll(() => post.close())
const world = useWorld({
  allowsPrivateWebhooks: true,
  mail: { url: post.url, from: 'Claviger <alerts@keys.example>' },
})

const remove = 'mutation ($id: ID!) { removeWebhook(id: $id) { id } }'

/** The changes that a receiver was told of, in order. */
function changesAt({ received }: Receiver): unknown[] {
  return received
    .map(({ body }): unknown => JSON.parse(body))
    .filter((message) => pick(message, 'type') === 'CHANNEL_CHANGED')
    .map((message) => ['channelId', 'channelKind', 'change'].map((name) => pick(message, 'data', name)))
}

async function expectChanges(at: Receiver, changes: unknown[]): Promise<void> {
  await eventually(() => changesAt(at).length >= changes.length, { withinMs: 10_000, what: 'the changes' })
  expect(changesAt(at)).toEqual(changes)
}

test('a webhook that is added, changed or removed is told to the one that was there before, of whichever kinds', async () => {
  const { key } = await openAccount(world.url)
  const [first, second] = [await receiver(), await receiver()]
  const kinds = ['KEY_EXPIRED']
  await setWebhook(world.url, key, { url: first.url, kinds })
  const { id } = await setWebhook(world.url, key, { url: second.url })
  await expectChanges(first, [[id, null, 'ADDED']])
  await setWebhook(world.url, key, { url: second.url, kinds })
  const changes = [
    [id, null, 'ADDED'],
    [id, null, 'CHANGED'],
  ]
  await expectChanges(first, changes)
  // The one that is added is not told of itself, and of its change it is.
  await expectChanges(second, changes.slice(1))
  await setWebhook(world.url, key, { url: second.url, kinds, renewSecret: true })
  await expectChanges(first, [...changes, [id, null, 'CHANGED']])
  await succeed(world.url, key, { query: remove, variables: { id } })
  await expectChanges(first, [...changes, [id, null, 'CHANGED'], [id, null, 'REMOVED']])
})

test('the first webhook of an account, and one that is set as it is, are no news', async () => {
  const { key } = await openAccount(world.url)
  const target = await receiver()
  await setWebhook(world.url, key, { url: target.url })
  await setWebhook(world.url, key, { url: target.url })
  await delay(500)
  expect(await alertIds(world.url, key)).toEqual([])
  expect(target.received).toEqual([])
})

test('a mail says in words that alerts go to a webhook now', async () => {
  const { key } = await openAccount(world.url)
  const address = `${randomUUID()}@mail.example`
  const id = await confirmedAddress(world, { key, address, server: post })
  await mailsTo(post, address, 2)
  await setWebhook(world.url, key, { url: 'https://hooks.example/elsewhere' })
  await elapse(world, id)
  const mail = (await mailsTo(post, address, 3)).at(-1)
  expect(mail?.subject).toBe('Your alerts are now sent to a webhook')
  expect(mail?.text).toContain('claviger webhook list')
  expect(mail?.text).not.toContain('hooks.example')
})

test('a webhook whose receiver is gone is told to the others, and that it goes on is too', async () => {
  const { key } = await openAccount(world.url)
  let status = 410
  const [first, second] = [await receiver(), await receiver(() => status)]
  await setWebhook(world.url, key, { url: first.url })
  const { id } = await setWebhook(world.url, key, { url: second.url })
  const other = await setWebhook(world.url, key, { url: (await receiver()).url })
  const changes = [
    [id, null, 'ADDED'],
    [other.id, null, 'ADDED'],
    [id, null, 'DISABLED'],
  ]
  await expectChanges(first, changes)
  status = 204
  await setWebhook(world.url, key, { url: second.url })
  await expectChanges(first, [...changes, [id, null, 'CHANGED']])
})
