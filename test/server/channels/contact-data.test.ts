import { randomUUID } from 'node:crypto'
import { afterAll, expect, test } from 'vitest'
import { addChannel, channelsOf, confirmedAddress, mailsTo } from '../../support/channels.ts'
import { eventually } from '../../support/connections.ts'
import { startMailServer } from '../../support/mail-server.ts'
import { openSubscriber, raise, useWorld } from '../../support/realtime.ts'
import { receiver } from '../../support/webhooks.ts'
import { succeed } from '../../support/operations.ts'

const refused = `${randomUUID()}@refused.example`
const post = await startMailServer({
  onRcptTo: ({ address }, _session, done) => {
    done(address === refused ? Object.assign(new Error(`no ${address} here`), { responseCode: 550 }) : null)
  },
})
afterAll(() => post.close())
const world = useWorld({ allowsPrivateWebhooks: true, mail: { url: post.url, from: 'alerts@keys.example' } })

test('no table, no log line and no alert has an address or a URL', async () => {
  const owner = await openSubscriber(world.url)
  const [taken, gone] = [await receiver(), await receiver(() => 410)]
  const address = `${randomUUID()}@mail.example`
  await confirmedAddress(world, { key: owner.key, address, server: post })
  await addChannel(world.url, owner.key, { kind: 'EMAIL', target: refused })
  await addChannel(world.url, owner.key, {
    kind: 'SLACK',
    target: taken.url.replace('/hook', '/secret-of-slack'),
  })
  await addChannel(world.url, owner.key, { kind: 'NTFY', target: gone.url.replace('/hook', '/secret-topic') })
  await raise(world, owner, { count: 3 })
  await mailsTo(post, address, 2)
  await eventually(
    async () => (await channelsOf(world.url, owner.key))[1]?.['failure'] === 'RECIPIENT_REFUSED',
    {
      withinMs: 10_000,
      what: 'the refusal',
    },
  )
  await eventually(() => taken.received.length > 0 && gone.received.length > 0, {
    withinMs: 10_000,
    what: 'the messages',
  })
  const alerts = JSON.stringify(
    await succeed(world.url, owner.key, {
      query: `{ account { alerts(first: 100) { edges { node { __typename id kind
        ... on ChannelChangedAlert { channelId channelKind change changedBy { id } } } } } } }`,
    }),
  )
  const tables = await world.sql<{ name: string }[]>`
    SELECT quote_ident(table_name) AS name FROM information_schema.tables
    WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'`
  let stored = ''
  for (const { name } of tables) {
    const rows = await world.sql.unsafe<{ text: string }[]>(`SELECT t::text AS text FROM ${name} t`)
    stored += rows.map(({ text }) => text).join('\n')
  }
  const told = alerts + stored + world.server.logLines.join('\n')
  for (const secret of [
    address,
    refused,
    'mail.example',
    'refused.example',
    'secret-of-slack',
    'secret-topic',
  ]) {
    expect(told).not.toContain(secret)
  }
  // Negative controls: the search finds what is there, and the owner is shown all of it.
  expect(told).toContain(owner.name)
  expect(alerts).toContain('ChannelChangedAlert')
  const shown = JSON.stringify(await channelsOf(world.url, owner.key))
  for (const secret of [address, refused, 'secret-of-slack', 'secret-topic']) expect(shown).toContain(secret)
})
