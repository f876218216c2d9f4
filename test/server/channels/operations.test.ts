import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import {
  addChannel,
  addChannelMutation,
  channelsOf,
  removeChannel,
  removeChannelMutation,
} from '../../support/channels.ts'
import {
  alertsOf,
  expectBadInput,
  expectRefusal,
  expectSignedOnly,
  strangeIds,
  useWorld,
} from '../../support/operations.ts'
import { call, openAccount } from '../../support/raw-client.ts'

const world = useWorld()
const target = 'https://hooks.slack.example/services/T0/B0/x'

test('a channel is added, shown, changed and removed', async () => {
  const { key } = await openAccount(world.url)
  const id = await addChannel(world.url, key, {
    kind: 'SLACK',
    target,
    kinds: ['KEY_EXPIRED'],
    language: 'DE',
  })
  expect(await channelsOf(world.url, key)).toMatchObject([
    { id, kind: 'SLACK', target, kinds: ['KEY_EXPIRED'], language: 'DE', isConfirmed: true },
  ])
  expect(
    await addChannel(world.url, key, {
      kind: 'SLACK',
      target: 'https://HOOKS.slack.example:443/services/T0/B0/x',
    }),
  ).toBe(id)
  expect(await channelsOf(world.url, key)).toMatchObject([{ id, kinds: null, language: 'EN' }])
  // The same URL for another service is another channel.
  await addChannel(world.url, key, { kind: 'TEAMS', target })
  expect(await channelsOf(world.url, key)).toHaveLength(2)
  await removeChannel(world.url, key, id)
  expect(await channelsOf(world.url, key)).toMatchObject([{ kind: 'TEAMS' }])
})

test('each change of a channel is an alert that names who changed it, and one that changes nothing is none', async () => {
  const { key } = await openAccount(world.url)
  const id = await addChannel(world.url, key, { kind: 'SLACK', target })
  await addChannel(world.url, key, { kind: 'SLACK', target })
  await addChannel(world.url, key, { kind: 'SLACK', target, kinds: ['KEY_EXPIRED', 'KEY_REVOKED'] })
  await addChannel(world.url, key, {
    kind: 'SLACK',
    target,
    kinds: ['KEY_REVOKED', 'KEY_EXPIRED', 'KEY_EXPIRED'],
  })
  await removeChannel(world.url, key, id)
  const { data } = await call(world.url, key, {
    query: `{ account { alerts { edges { node { kind
      ... on ChannelChangedAlert { channelId channelKind change changedBy { id } } } } } } }`,
  })
  const changed = {
    kind: 'CHANNEL_CHANGED',
    channelId: id,
    channelKind: 'SLACK',
    changedBy: { id: key.id },
  }
  expect(data?.['account'].alerts.edges.map(({ node }: { node: unknown }) => node)).toEqual(
    ['ADDED', 'CHANGED', 'REMOVED'].map((change) => ({ ...changed, change })),
  )
})

test.each(['addChannel', 'removeChannel'] as const)('%s is signed only', async (name) => {
  await expectSignedOnly(
    world.url,
    name === 'addChannel'
      ? { query: addChannelMutation, variables: { input: { kind: 'SLACK', target } } }
      : { query: removeChannelMutation, variables: { id: randomUUID() } },
  )
})

test.each([
  ['SLACK', 'http://hooks.example/'],
  ['TEAMS', 'https://127.0.0.1/'],
  ['DISCORD', 'https://169.254.169.254/latest'],
  ['DISCORD', 'https://user:password@hooks.example/'],
  ['SLACK', 'not a URL'],
  ['NTFY', 'https://ntfy.example/'],
  ['NTFY', 'https://ntfy.example/a/b'],
])('%s has no target %s', async (kind, refused) => {
  const { key } = await openAccount(world.url)
  const input = { kind, target: refused }
  expectBadInput(
    await call(world.url, key, { query: addChannelMutation, variables: { input } }),
    'input.target',
  )
  expect(await channelsOf(world.url, key)).toEqual([])
})

test('a key server without a mail server says so of an e-mail channel', async () => {
  const { key } = await openAccount(world.url)
  const input = { kind: 'EMAIL', target: 'alice@mail.example' }
  const answer = await call(world.url, key, { query: addChannelMutation, variables: { input } })
  expectBadInput(answer, 'input.kind')
  expect(answer.errors[0]?.message).toBe('This key server sends no mail: its operator has not set SMTP_URL.')
})

test('an account has at most five channels, with those that are not yet told of their removal', async () => {
  const { key } = await openAccount(world.url)
  const ids: string[] = []
  for (const number of [1, 2, 3, 4, 5]) {
    ids.push(await addChannel(world.url, key, { kind: 'SLACK', target: `${target}${String(number)}` }))
  }
  const input = { kind: 'SLACK', target: `${target}6` }
  const sixth = () => call(world.url, key, { query: addChannelMutation, variables: { input } })
  expectRefusal(await sixth(), { code: 'CONFLICT' })
  // Nothing answers at the name, so its last message is tried again.
  await removeChannel(world.url, key, ids[0] ?? '')
  expectRefusal(await sixth(), { code: 'CONFLICT' })
  expect(await channelsOf(world.url, key)).toHaveLength(4)
  await world.sql`DELETE FROM webhooks WHERE id = ${ids[0] ?? ''}`
  expect(await sixth()).toMatchObject({ errors: [] })
})

test('a channel of another account, an unknown one and a malformed id are not found alike', async () => {
  const [{ key }, { key: other }] = [await openAccount(world.url), await openAccount(world.url)]
  const id = await addChannel(world.url, other, { kind: 'SLACK', target })
  for (const strange of [id, ...strangeIds]) {
    const answer = await call(world.url, key, { query: removeChannelMutation, variables: { id: strange } })
    expectRefusal(answer, { code: 'NOT_FOUND' })
  }
  expect(await channelsOf(world.url, other)).toHaveLength(1)
  expect(await alertsOf(world.url, other, ['CHANNEL_CHANGED'])).toHaveLength(1)
})
