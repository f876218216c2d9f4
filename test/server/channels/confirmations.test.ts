import { randomUUID } from 'node:crypto'
import { afterAll, expect, test } from 'vitest'
import { addChannel, addChannelMutation, channelsOf, linkIn, mailsTo } from '../../support/channels.ts'
import { startMailServer } from '../../support/mail-server.ts'
import { pick } from '../../support/operations.ts'
import { call, openAccount, type RawKey } from '../../support/raw-client.ts'
import { useWorld } from '../../support/world.ts'
import { runOnMachines } from '../../support/machines.ts'
import { settleClock } from '../../support/clock.ts'
import { eventually } from '../../support/connections.ts'

const post = await startMailServer()
afterAll(() => post.close())
const world = useWorld({ mail: { url: post.url, from: 'alerts@keys.example' } })

const newKey = async () => (await openAccount(world.url)).key
const ask = (key: RawKey, target: string) =>
  call(world.url, key, { query: addChannelMutation, variables: { input: { kind: 'EMAIL', target } } })

/** Lets what was asked for so far have been asked for earlier. */
function age(hours: number) {
  return world.sql`UPDATE confirmations SET requested_at = requested_at - make_interval(hours => ${hours})`
}

test('an address gets one mail in an hour and three in a day, whichever accounts ask and however it is spelled', async () => {
  const name = randomUUID()
  const spellings = [
    `a.b${name}@mail.example`,
    `ab${name}@mail.example`,
    `AB${name}+news@MAIL.example`,
    `a.b.${name}+other@mail.example`,
  ]
  const [first = '', second = '', third = '', fourth = ''] = spellings
  expect(await ask(await newKey(), first)).toMatchObject({ errors: [] })
  const refused = await Promise.all(
    [first, second, third, fourth].map(async (spelling) => ask(await newKey(), spelling)),
  )
  expect(refused.map(({ code }) => code)).toEqual(Array<string>(4).fill('RATE_LIMITED'))
  const wait = pick(refused[0]?.errors[0], 'extensions', 'retryAfterSeconds')
  expect(wait).toBeGreaterThan(3_500)
  expect(wait).toBeLessThanOrEqual(3_600)
  await age(1)
  expect(await ask(await newKey(), second)).toMatchObject({ errors: [] })
  await age(1)
  expect(await ask(await newKey(), third)).toMatchObject({ errors: [] })
  await age(1)
  expect(await ask(await newKey(), fourth)).toMatchObject({ code: 'RATE_LIMITED' })
  await age(22)
  expect(await ask(await newKey(), fourth)).toMatchObject({ errors: [] })
  await eventually(() => post.mails.filter(({ to }) => to[0]?.includes(name) === true).length === 4, {
    withinMs: 10_000,
    what: 'four mails',
  })
})

test('twenty accounts that ask for one address at once have one mail sent', async () => {
  const address = `${randomUUID()}@mail.example`
  const keys = await Promise.all(Array.from({ length: 20 }, newKey))
  const answers = await Promise.all(keys.map((key) => ask(key, address)))
  expect(answers.filter(({ code }) => code === undefined || code === null)).toHaveLength(1)
  await mailsTo(post, address, 1)
  expect(post.to(address)).toHaveLength(1)
})

test('an account asks for ten confirmation mails in a day', async () => {
  const key = await newKey()
  const codes: unknown[] = []
  for (let asked = 0; asked < 11; asked++) {
    // Beyond the limit of channels otherwise.
    await world.sql`DELETE FROM webhooks`
    codes.push((await ask(key, `${randomUUID()}@mail.example`)).code ?? null)
  }
  expect(codes).toEqual([...Array<null>(10).fill(null), 'RATE_LIMITED'])
})

test('a reader who does not want to be asked again is not, whoever wants it', async () => {
  const address = `${randomUUID()}@mail.example`
  await addChannel(world.url, await newKey(), { kind: 'EMAIL', target: address })
  const [mail] = await mailsTo(post, address, 1)
  const link = linkIn(mail ?? { text: '' }, 'block')
  expect(mail?.headers.get('list-unsubscribe')?.replaceAll(/\s/g, '')).toBe(`<${link}>`)
  expect((await fetch(link)).status).toBe(200)
  expect(await world.sql`SELECT FROM blocked_addresses`).toHaveLength(0)
  expect((await fetch(link, { method: 'POST' })).status).toBe(200)
  expect((await fetch(link, { method: 'POST' })).status).toBe(200)
  await age(1)
  // The owner is not told: the address looks like one that nobody reads.
  const key = await newKey()
  await addChannel(world.url, key, { kind: 'EMAIL', target: address })
  expect(await channelsOf(world.url, key)).toMatchObject([{ isConfirmed: false }])
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  expect(post.to(address)).toHaveLength(1)
})

test('a confirmation after its time does nothing, and the address is erased', async () => {
  const key = await newKey()
  const address = `${randomUUID()}@mail.example`
  const id = await addChannel(world.url, key, { kind: 'EMAIL', target: address })
  const [mail] = await mailsTo(post, address, 1)
  await world.sql`UPDATE webhooks SET notice_expires_at = notice_expires_at - interval '24 hours' WHERE id = ${id}`
  for (const method of ['GET', 'POST']) {
    expect((await fetch(linkIn(mail ?? { text: '' }, 'confirm'), { method })).status).toBe(404)
  }
  expect(await channelsOf(world.url, key)).toMatchObject([{ isConfirmed: false }])
  await settleClock(world.sql)
  await world.sql`UPDATE webhooks SET notice_expires_at = now() - interval '1 hour' WHERE id = ${id}`
  const { pruneChannels } = await import('../../../server/channels/confirmations.ts')
  await runOnMachines(world.databaseUrl, pruneChannels)
  expect(await channelsOf(world.url, key)).toEqual([])
})
