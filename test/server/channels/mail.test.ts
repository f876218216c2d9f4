import { randomUUID } from 'node:crypto'
import { afterAll, expect, test } from 'vitest'
import {
  addChannel,
  channelsOf,
  confirmedAddress,
  elapse,
  linkIn,
  mailsTo,
  removeChannel,
} from '../../support/channels.ts'
import { eventually } from '../../support/connections.ts'
import { startMailServer } from '../../support/mail-server.ts'
import { alertsOf } from '../../support/operations.ts'
import { openSubscriber, raise, useWorld } from '../../support/realtime.ts'

const post = await startMailServer()
afterAll(() => post.close())
const world = useWorld({ count: 2, mail: { url: post.url, from: 'Claviger <alerts@keys.example>' } })

/** Those that either server is known by first. */
const origins = () => world.servers.map((server) => server.origins[0])
const newAddress = () => `${randomUUID()}@mail.example`

test('an address gets one mail, which asks, and nothing else before it is confirmed', async () => {
  const owner = await openSubscriber(world.url)
  const address = newAddress()
  await addChannel(world.url, owner.key, { kind: 'EMAIL', target: address })
  const [asking] = await mailsTo(post, address, 1)
  await raise(world, owner, { count: 3 })
  expect(asking?.subject).toBe('Confirm that alerts may be sent to this address')
  expect(asking?.text).toContain(owner.name)
  expect(origins()).toContain(new URL(linkIn(asking ?? { text: '' }, 'confirm')).origin)
  const link = linkIn(asking ?? { text: '' }, 'confirm')

  // The requests of programs that look at mails before their readers.
  for (const method of ['GET', 'HEAD', 'GET']) expect((await fetch(link, { method })).status).toBe(200)
  expect(await channelsOf(world.url, owner.key)).toMatchObject([{ target: address, isConfirmed: false }])
  const page = await (await fetch(link)).text()
  expect(page).toContain('<form method="post"><button>Yes, send alerts</button></form>')
  expect(page).toContain(owner.name)

  const done = await fetch(link, { method: 'POST' })
  expect([done.status, await done.text()]).toEqual([200, expect.stringContaining('Confirmed') as unknown])
  expect(await channelsOf(world.url, owner.key)).toMatchObject([{ isConfirmed: true }])
  // Alerts that were raised before were for nobody there.
  const [, first] = await mailsTo(post, address, 2)
  expect(first?.subject).toBe('Your alerts are now sent here')
  expect(post.to(address)).toHaveLength(2)
  // A second time the link does nothing.
  expect((await fetch(link, { method: 'POST' })).status).toBe(404)
})

test('a mail says in words what happened and what to do, as text and as HTML, and ends by one click', async () => {
  const owner = await openSubscriber(world.url)
  const address = newAddress()
  await confirmedAddress(world, { key: owner.key, address, server: post })
  await mailsTo(post, address, 2)
  await raise(world, owner)
  const [, , mail] = await mailsTo(post, address, 3)
  if (mail === undefined) throw new TypeError('The mail has come.')
  expect(mail.subject).toMatch(/^Your key .*for https:\/\/\S+ was revoked$/)
  for (const text of [
    'no reason was given',
    'What you can do:',
    'claviger device list',
    owner.name,
    ' UTC',
  ]) {
    expect(mail.text).toContain(text)
    expect(mail.html).toContain(text)
  }
  expect(mail.html).not.toMatch(/<img|<script|<link|src=|url\(|@import/)
  const linked = [...mail.html.matchAll(/href="([^"]*)"/g)].map(([, href = '']) => new URL(href).origin)
  expect(linked).toHaveLength(1)
  expect(origins()).toContain(linked[0])
  expect(mail.headers.get('list-unsubscribe-post')).toBe('List-Unsubscribe=One-Click')
  expect(mail.headers.get('auto-submitted')).toBe('auto-generated')
  expect(mail.headers.get('from')).toBe('Claviger <alerts@keys.example>')
  const [, oneClick = ''] =
    /<(\S+)>/.exec(mail.headers.get('list-unsubscribe')?.replaceAll(/\s+/g, '') ?? '') ?? []
  expect(oneClick).toBe(linkIn(mail, 'stop'))

  expect((await fetch(oneClick)).status).toBe(200)
  expect(await channelsOf(world.url, owner.key)).toHaveLength(1)
  const body = new URLSearchParams({ 'List-Unsubscribe': 'One-Click' })
  expect((await fetch(oneClick, { method: 'POST', body })).status).toBe(200)
  expect(await channelsOf(world.url, owner.key)).toEqual([])
  expect(
    await world.sql`SELECT FROM webhooks WHERE sealed_secret <> '' AND channel_kind IS NOT NULL
    AND account_id = (SELECT id FROM accounts WHERE name = ${owner.name})`,
  ).toHaveLength(0)
  await raise(world, owner)
  expect((await fetch(oneClick, { method: 'POST' })).status).toBe(404)
  expect(post.to(address)).toHaveLength(3)
})

test('a link of another action, or one that was changed, does nothing', async () => {
  const owner = await openSubscriber(world.url)
  const address = newAddress()
  await confirmedAddress(world, { key: owner.key, address, server: post })
  const [asking, first] = await mailsTo(post, address, 2)
  const stop = linkIn(first ?? { text: '' }, 'stop')
  const forged = [
    stop.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')).replace(/token=./, 'token=f'),
    stop.replace(/token=.*/, 'token='),
    stop.replace(/token=.*/, 'token=.'),
    stop.replace(/\?.*/, ''),
    stop.replace(
      /token=.*/,
      `token=${new URL(linkIn(asking ?? { text: '' }, 'confirm')).searchParams.get('token') ?? ''}`,
    ),
  ]
  for (const link of forged) {
    for (const method of ['GET', 'POST']) expect((await fetch(link, { method })).status).toBe(404)
  }
  expect(await channelsOf(world.url, owner.key)).toHaveLength(1)
})

test('a flood of alerts is a few mails, which tell of all of them', async () => {
  const owner = await openSubscriber(world.url)
  const address = newAddress()
  const id = await confirmedAddress(world, { key: owner.key, address, server: post })
  await mailsTo(post, address, 2)
  await raise(world, owner)
  await mailsTo(post, address, 3)
  await Promise.all([1, 2, 3, 4].map(() => raise(world, owner, { count: 40 })))
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  expect(post.to(address)).toHaveLength(3)
  await elapse(world, id)
  const digest = (await mailsTo(post, address, 4)).at(-1)
  expect(digest?.subject).toBe('160 alerts about your keys')
  expect(digest?.text).toContain('And more: a key was revoked (140 times).')
  expect(digest?.text.match(/What you can do:/g)).toHaveLength(20)
})

test('only the kinds that were asked for are sent, and every change of a channel', async () => {
  const owner = await openSubscriber(world.url)
  const address = newAddress()
  const id = await confirmedAddress(world, {
    key: owner.key,
    address,
    server: post,
    kinds: ['KEY_EXPIRED'],
    language: 'DE',
  })
  await mailsTo(post, address, 2)
  await raise(world, owner, { kind: 'KEY_REVOKED' })
  await raise(world, owner, { kind: 'KEY_EXPIRED' })
  const [, began, expired] = await mailsTo(post, address, 3)
  expect(began?.subject).toBe('Deine Meldungen gehen jetzt auch hierher')
  expect(expired?.subject).toMatch(/^Dein Schlüssel .* ist abgelaufen$/)
  expect(expired?.text).not.toContain('widerrufen (')
  await addChannel(world.url, owner.key, { kind: 'EMAIL', target: address, kinds: ['KEY_EXPIRING'] })
  await elapse(world, id)
  const changed = (await mailsTo(post, address, 4)).at(-1)
  expect(changed?.subject).toBe('Which alerts are sent here was changed')
})

test('a channel that is removed is told so by a last mail, and so are the others; then its address is erased', async () => {
  const owner = await openSubscriber(world.url)
  const [address, other] = [newAddress(), newAddress()]
  const id = await confirmedAddress(world, { key: owner.key, address, server: post })
  const otherId = await confirmedAddress(world, { key: owner.key, address: other, server: post })
  await mailsTo(post, address, 2)
  await removeChannel(world.url, owner.key, id)
  expect(await channelsOf(world.url, owner.key)).toMatchObject([{ target: other }])
  await eventually(
    () => post.to(address).some(({ subject }) => subject === 'Your alerts are no longer sent here'),
    {
      withinMs: 10_000,
      what: 'the last mail',
    },
  )
  await eventually(async () => (await world.sql`SELECT FROM webhooks WHERE id = ${id}`).length === 0, {
    withinMs: 5_000,
    what: 'the erasure',
  })
  await elapse(world, otherId)
  await eventually(
    () =>
      post.to(other).some(({ text }) => text.includes('Your alerts are no longer sent to an e-mail address')),
    { withinMs: 10_000, what: 'the mail to the other' },
  )
  const changes = await alertsOf(world.url, owner.key, ['CHANNEL_CHANGED'])
  expect(changes).toHaveLength(3)
})
