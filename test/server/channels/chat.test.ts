import { expect, test } from 'vitest'
import { chatMessageOf, type ChatKind } from '../../../server/channels/chat.ts'
import { messageOf } from '../../../server/channels/message.ts'
import { texts } from '../../../server/channels/texts/index.ts'
import { addChannel, channelsOf, elapse, removeChannel } from '../../support/channels.ts'
import { eventually } from '../../support/connections.ts'
import { pick, pickEach } from '../../support/operations.ts'
import { openSubscriber, raise, useWorld } from '../../support/realtime.ts'
import { receiver } from '../../support/webhooks.ts'
import type { Received } from '../../support/webhook-receiver.ts'

const world = useWorld({ count: 2, allowsPrivateWebhooks: true })

const services = ['SLACK', 'TEAMS', 'DISCORD', 'NTFY'] as const

/** All text that a service shows, as it reads its format. */
const shownBy: Readonly<Record<ChatKind, (body: string) => string>> = {
  SLACK: (body) =>
    pickEach(pick(JSON.parse(body), 'blocks'), 'text', 'text')
      .map(String)
      .join('\n'),
  TEAMS: (body) =>
    pickEach(pick(JSON.parse(body), 'attachments', 0, 'content', 'body'), 'inlines', 0, 'text')
      .map(String)
      .join('\n'),
  DISCORD: (body) => String(pick(JSON.parse(body), 'content')).replaceAll(/\\([^A-Za-z0-9\s])/g, '$1'),
  NTFY: (body) => body,
}

test.each(services)('%s is told that it was added, of an alert, and that it was removed', async (kind) => {
  const target = await receiver()
  const owner = await openSubscriber(world.url)
  const url = target.url.replace('/hook', '/topic-1')
  const id = await addChannel(world.url, owner.key, { kind, target: url })
  await eventually(() => target.received.length === 1, { withinMs: 10_000, what: 'the first message' })
  await raise(world, owner)
  await eventually(() => target.received.length === 2, { withinMs: 10_000, what: 'the alert' })
  await removeChannel(world.url, owner.key, id)
  await eventually(() => target.received.length === 3, { withinMs: 10_000, what: 'the last message' })
  const [added, alert, removed] = target.received.map((received) => titled(kind, received))
  expect(added).toContain('Your alerts are now sent here')
  expect(alert).toContain('was revoked')
  expect(alert).toContain('What you can do:')
  expect(removed).toContain('Your alerts are no longer sent here')
  expect(await channelsOf(world.url, owner.key)).toEqual([])
  await eventually(async () => (await world.sql`SELECT FROM webhooks WHERE id = ${id}`).length === 0, {
    withinMs: 5_000,
    what: 'the erasure',
  })
})

function titled(kind: ChatKind, { headers, body }: Received): string {
  return `${String(headers['title'] ?? '')}\n${shownBy[kind](body)}`
}

test('a service that is down has all alerts in one message when it is back', async () => {
  let status = 503
  const target = await receiver(() => status)
  const owner = await openSubscriber(world.url)
  const id = await addChannel(world.url, owner.key, { kind: 'SLACK', target: target.url })
  await eventually(async () => (await channelsOf(world.url, owner.key))[0]?.['failure'] === 'HTTP_503', {
    withinMs: 10_000,
    what: 'the failure',
  })
  await raise(world, owner, { count: 7 })
  status = 200
  await world.sql`UPDATE webhooks SET due_at = now() WHERE id = ${id}`
  await eventually(() => target.taken().length > 0, { withinMs: 10_000, what: 'the message' })
  const message = shownBy.SLACK(target.received.at(-1)?.body ?? '{}')
  expect(message).toContain('8 alerts about your keys')
  expect(message).toContain('a key was revoked (3 times)')
  // The receiver has the message before the server has its answer.
  await eventually(async () => (await channelsOf(world.url, owner.key))[0]?.['failure'] === null, {
    withinMs: 10_000,
    what: 'the failure is over',
  })
  expect(await channelsOf(world.url, owner.key)).toMatchObject([{ failingSince: null, failure: null }])
})

test('a service that is gone is asked no more, which the other channels hear of, until it is added again', async () => {
  const [gone, other] = [await receiver(() => 410), await receiver()]
  const owner = await openSubscriber(world.url)
  await addChannel(world.url, owner.key, { kind: 'NTFY', target: other.url })
  const id = await addChannel(world.url, owner.key, { kind: 'DISCORD', target: gone.url })
  await eventually(async () => (await channelsOf(world.url, owner.key))[1]?.['disabledAt'] !== null, {
    withinMs: 10_000,
    what: 'the end',
  })
  const count = gone.received.length
  await eventually(
    async () => {
      await world.sql`UPDATE webhooks SET paused_until = NULL, due_at = least(due_at, now()) WHERE id <> ${id}`
      return other.received.some((received) =>
        titled('NTFY', received).includes('no longer sent to a channel in Discord'),
      )
    },
    { withinMs: 10_000, what: 'the message to the other' },
  )
  await raise(world, owner)
  await new Promise((resolve) => setTimeout(resolve, 800))
  expect(gone.received).toHaveLength(count)
  await addChannel(world.url, owner.key, { kind: 'DISCORD', target: gone.url })
  await elapse(world, id)
  await eventually(() => gone.received.length > count, { withinMs: 10_000, what: 'another attempt' })
})

/** Texts that must neither become markup nor notify anybody. */
const hostile =
  '@everyone @here <!channel> <@U1> <#C1> *b* _i_ ~s~ `c` [x](https://evil.example) > q || s || # h & <b>'
const key = { id: '11111111-1111-4111-8111-111111111111', applicationServer: hostile, label: hostile }
const digest = (count: number, label = hostile) => ({
  owner: 'alice',
  count,
  further: [{ kind: 'KEY_REVOKED' as const, count: 1_000_000 }],
  alerts: Array.from({ length: Math.min(count, 5) }, () => ({
    kind: 'KEY_REVOKED' as const,
    occurredAt: new Date('2030-01-01T00:00:00Z'),
    key: { ...key, label, applicationServer: label },
    reason: 'COMPROMISED' as const,
  })),
})
const messageIn = (kind: ChatKind, count: number, label?: string) =>
  chatMessageOf(kind, messageOf(digest(count, label), texts.EN, { origin: 'https://keys.example' }), texts.EN)

test.each(services)('%s shows labels as they are, without markup and without calling anybody', (kind) => {
  const { headers, body } = messageIn(kind, 1)
  expect(shownBy[kind](body).replaceAll('\u2060', '')).toContain(hostile)
  const json: unknown = kind === 'NTFY' ? null : JSON.parse(body)
  const marks = {
    // Blocks of plain_text alone, and a fallback in which no mention begins.
    SLACK: () => {
      const blockTypes = pickEach(pick(json, 'blocks'), 'text', 'type')
      expect(new Set(blockTypes)).toEqual(new Set(['plain_text']))
      expect(pick(json, 'text')).not.toMatch(/[<>]/)
      expect(pick(json, 'link_names')).toBe(false)
    },
    // Runs of text alone: a TextBlock would read Markdown.
    TEAMS: () => {
      expect(body).not.toContain('"TextBlock"')
      expect(body).not.toContain('msteams')
    },
    DISCORD: () => {
      expect(pick(json, 'allowed_mentions')).toEqual({ parse: [] })
      expect(pick(json, 'content')).not.toMatch(/(?<!\\)[`*_~|<>#@[\]]/)
    },
    NTFY: () => {
      expect(headers).not.toHaveProperty('markdown')
      expect(headers['content-type']).toBe('text/plain; charset=utf-8')
    },
  }
  marks[kind]()
})

test.each(services)('%s gets no more than it takes, however long labels and lists are', (kind) => {
  for (const label of ['x'.repeat(255), '*'.repeat(255), '\u{1f511}'.repeat(127), 'ü'.repeat(255)]) {
    const { headers, body } = messageIn(kind, 5, label)
    const shown = shownBy[kind](body)
    expect(shown.isWellFormed()).toBe(true)
    expect(shown.length).toBeGreaterThan(500)
    const json: unknown = kind === 'NTFY' ? null : JSON.parse(body)
    const bounds = {
      SLACK: () => {
        const [header = '', section = ''] = pickEach(pick(json, 'blocks'), 'text', 'text').map(String)
        expect(header.length).toBeLessThanOrEqual(150)
        expect(section.length).toBeLessThanOrEqual(3_000)
      },
      TEAMS: () => {
        expect(Buffer.byteLength(body)).toBeLessThanOrEqual(28 * 1024)
      },
      DISCORD: () => {
        expect(String(pick(json, 'content')).length).toBeLessThanOrEqual(2_000)
      },
      NTFY: () => {
        expect(Buffer.byteLength(body)).toBeLessThanOrEqual(4_096)
        expect(headers['title']).toMatch(/^[\x20-\x7e]*$/)
      },
    }
    bounds[kind]()
  }
})
