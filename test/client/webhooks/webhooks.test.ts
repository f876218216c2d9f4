import { expect, test } from 'vitest'
import { createVault, memoryKeystore, openVault } from '../../../client/index.ts'
import { losing, newOwner, newVault, shop } from '../../support/devices.ts'
import { useWorld } from '../../support/operations.ts'
import { eventually } from '../../support/connections.ts'
import { receiver } from '../../support/webhooks.ts'
import { isAuthentic } from '../../server/webhooks/standard-webhooks.ts'

const world = useWorld({ allowsPrivateWebhooks: true })
const url = 'https://hooks.example/claviger'

/** Raises an alert. */
async function revokeOne(vault: Awaited<ReturnType<typeof newVault>>): Promise<void> {
  await vault.revokeKey((await vault.createKey(shop)).id)
}

test('a webhook that is set gets future alerts, signed with the secret that was returned once', async () => {
  const target = await receiver()
  const vault = await newVault(world.url)
  const { webhook, secret } = await vault.setWebhook(target.url, { kinds: ['KEY_REVOKED'] })
  expect(webhook).toEqual({
    id: expect.any(String) as unknown,
    url: target.url,
    kinds: ['KEY_REVOKED'],
    createdAt: expect.any(Date) as unknown,
    lastDeliveredAt: null,
    failingSince: null,
    failure: null,
    nextAttemptAt: null,
    disabledAt: null,
    deadLetterCount: 0,
  })
  await revokeOne(vault)
  await eventually(() => target.received.length === 1, { withinMs: 10_000, what: 'a message' })
  const [message] = target.received
  if (message === undefined) throw new TypeError('It has arrived.')
  expect(isAuthentic(message, String(secret))).toBe(true)
  await expect
    .poll(async () => (await vault.webhooks())[0]?.lastDeliveredAt, { timeout: 10_000 })
    .not.toBeNull()
})

test('setting a URL again changes its kinds and returns no secret; a renewed one is returned', async () => {
  const vault = await newVault(world.url)
  const first = await vault.setWebhook(url, { kinds: ['KEY_EXPIRED'] })
  const again = await vault.setWebhook(url)
  expect(again).toMatchObject({ webhook: { id: first.webhook.id, kinds: null }, secret: null })
  const renewed = await vault.setWebhook(url, { renewSecret: true })
  expect(renewed.secret).toMatch(/^whsec_/)
  expect(renewed.secret).not.toBe(first.secret)
})

test('a secret whose answer was lost is not returned by the repetition, but can be renewed', async () => {
  const keystore = memoryKeystore()
  await createVault({ url: world.url, owner: newOwner(), keystore })
  const unlucky = await openVault({ keystore, fetch: losing('SetWebhook', 1) })
  expect(await unlucky.setWebhook(url)).toMatchObject({ webhook: { url }, secret: null })
  const vault = await openVault({ keystore })
  expect(await vault.webhooks()).toHaveLength(1)
  expect(await vault.setWebhook(url, { renewSecret: true })).toMatchObject({
    secret: expect.stringMatching(/^whsec_/) as unknown,
  })
})

test('webhooks are listed oldest first, and one that is removed is gone', async () => {
  const vault = await newVault(world.url)
  const { webhook: first } = await vault.setWebhook(url)
  const { webhook: second } = await vault.setWebhook(`${url}/2`)
  expect((await vault.webhooks()).map(({ id }) => id)).toEqual([first.id, second.id])
  expect(await vault.removeWebhook(first.id)).toMatchObject({ id: first.id, url })
  const [left, ...others] = await vault.webhooks()
  expect(others).toEqual([])
  const { id, createdAt, kinds } = second
  expect(left).toMatchObject({ id, createdAt, kinds, url: `${url}/2` })
  // The removal is told to the one that is left, which may have failed to take it by now.
  expect([left?.nextAttemptAt, left?.failingSince]).toContainEqual(expect.any(Date))
})

test('what a receiver did not want any more is delivered again when it is asked for', async () => {
  let status = 410
  const target = await receiver(() => status)
  const vault = await newVault(world.url)
  const { webhook } = await vault.setWebhook(target.url)
  await revokeOne(vault)
  await expect.poll(async () => (await vault.webhooks())[0]?.disabledAt).not.toBeNull()
  expect((await vault.webhooks())[0]).toMatchObject({
    failure: 'HTTP_410',
    failingSince: expect.any(Date) as unknown,
  })
  status = 204
  expect(await vault.redeliverWebhook(webhook.id)).toMatchObject({ id: webhook.id, disabledAt: null })
  await eventually(() => target.taken().length > 0, { withinMs: 10_000, what: 'the message again' })
  // Others follow it, which tell of the webhook's end and return.
  expect(target.taken()[0]).toBe(target.received[0]?.headers['webhook-id'])
})

test('a URL that is refused, one too many, and an id of somebody else are told apart', async () => {
  const [vault, other] = await Promise.all([newVault(world.url), newVault(world.url)])
  await expect(vault.setWebhook('no URL')).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
    details: { field: 'input.url' },
  })
  for (let count = 0; count < 5; count += 1) await vault.setWebhook(`${url}/${String(count)}`)
  await expect(vault.setWebhook(`${url}/5`)).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' })
  const { webhook } = await other.setWebhook(url)
  await expect(vault.removeWebhook(webhook.id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(vault.redeliverWebhook(webhook.id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect(await other.webhooks()).toHaveLength(1)
})

test('a kind that this version does not know does not hide the webhook', async () => {
  const vault = await newVault(world.url, {
    fetch: async (input, init) => {
      const response = await fetch(input, init)
      const text = (await response.text()).replace('"KEY_EXPIRED"', '"KEY_BLESSED"')
      return new Response(text, { status: response.status, headers: response.headers })
    },
  })
  await vault.setWebhook(url, { kinds: ['KEY_EXPIRED'] })
  expect(await vault.webhooks()).toMatchObject([{ kinds: ['KEY_BLESSED'] }])
})
