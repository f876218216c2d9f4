import { expect, test } from 'vitest'
import {
  expectBadInput,
  expectRefusal,
  expectSignedOnly,
  strangeIds,
  succeed,
  useWorld,
} from '../../support/operations.ts'
import { call, openAccount } from '../../support/raw-client.ts'
import { setWebhook, setWebhookMutation, webhooksOf } from '../../support/webhooks.ts'

const world = useWorld()
const url = 'https://hooks.example/claviger'
const byId = {
  removeWebhook: 'mutation ($id: ID!) { removeWebhook(id: $id) { id } }',
  redeliverWebhook: 'mutation ($id: ID!) { redeliverWebhook(id: $id) { id } }',
}

test('a webhook is set, shown and removed', async () => {
  const { key } = await openAccount(world.url)
  const { id, secret } = await setWebhook(world.url, key, { url, kinds: ['KEY_EXPIRED'] })
  expect(secret).toMatch(/^whsec_/)
  const state = {
    lastDeliveredAt: null,
    failingSince: null,
    failure: null,
    nextAttemptAt: null,
    disabledAt: null,
    deadLetterCount: 0,
    deadLetters: [],
  }
  expect(await webhooksOf(world.url, key)).toEqual([{ id, url, kinds: ['KEY_EXPIRED'], ...state }])
  await succeed(world.url, key, { query: byId.removeWebhook, variables: { id } })
  expect(await webhooksOf(world.url, key)).toEqual([])
})

test('setting a URL again changes its kinds, and shows no secret', async () => {
  const { key } = await openAccount(world.url)
  const first = await setWebhook(world.url, key, { url, kinds: ['KEY_EXPIRED'] })
  const again = await setWebhook(world.url, key, { url: 'https://HOOKS.example:443/claviger' })
  expect(again).toEqual({ id: first.id, secret: null })
  expect(await webhooksOf(world.url, key)).toMatchObject([{ id: first.id, kinds: null }])
})

test.each(['setWebhook', 'removeWebhook', 'redeliverWebhook'] as const)('%s is signed only', async (name) => {
  await expectSignedOnly(
    world.url,
    name === 'setWebhook'
      ? { query: setWebhookMutation, variables: { input: { url } } }
      : { query: byId[name], variables: { id: 'any' } },
  )
})

test.each([
  'http://hooks.example/',
  'https://127.0.0.1/',
  'https://[::1]/',
  'https://169.254.169.254/latest/meta-data',
  'https://2130706433/',
  'https://user:word@hooks.example/',
  'https://hooks.example/#x',
  `https://hooks.example/${'x'.repeat(2000)}`,
  'hooks.example',
  '\0',
])('the URL %j is refused', async (refused) => {
  const { key } = await openAccount(world.url)
  const answer = await call(world.url, key, {
    query: setWebhookMutation,
    variables: { input: { url: refused } },
  })
  expectBadInput(answer, 'input.url')
})

test('no kinds at all are refused', async () => {
  const { key } = await openAccount(world.url)
  const answer = await call(world.url, key, {
    query: setWebhookMutation,
    variables: { input: { url, kinds: [] } },
  })
  expectBadInput(answer, 'input.kinds')
})

test('an account has at most five, also when they are set at once', async () => {
  const { key } = await openAccount(world.url)
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, index) =>
      call(world.url, key, { query: setWebhookMutation, variables: { input: { url: `${url}/${index}` } } }),
    ),
  )
  const refused = answers.filter(({ errors }) => errors.length > 0)
  expect(refused).toHaveLength(3)
  for (const answer of refused) expectRefusal(answer, { code: 'QUOTA_EXCEEDED', quota: 'webhooks', limit: 5 })
  const stored = await webhooksOf(world.url, key)
  expect(stored).toHaveLength(5)
  await setWebhook(world.url, key, { url: String(stored[0]?.['url']), kinds: ['KEY_REVOKED'] })
})

test.each(Object.entries(byId))('%s of a strange or another’s id is NOT_FOUND', async (_name, query) => {
  const [{ key }, other] = await Promise.all([openAccount(world.url), openAccount(world.url)])
  const { id } = await setWebhook(world.url, other.key, { url })
  for (const strange of [...strangeIds, id]) {
    expectRefusal(await call(world.url, key, { query, variables: { id: strange } }), { code: 'NOT_FOUND' })
  }
  expect(await webhooksOf(world.url, other.key)).toHaveLength(1)
})

test('nobody sees another account’s webhooks', async () => {
  const [{ key }, other] = await Promise.all([openAccount(world.url), openAccount(world.url)])
  await setWebhook(world.url, other.key, { url })
  expect(await webhooksOf(world.url, key)).toEqual([])
})
