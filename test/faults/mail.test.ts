import { randomUUID } from 'node:crypto'
import { afterEach, expect, onTestFinished, test } from 'vitest'
import { addChannel, channelsOf, confirmedAddress, elapse, mailsTo } from '../support/channels.ts'
import { runScript } from '../support/child.ts'
import { administer, eventually } from '../support/connections.ts'
import { createTestDatabase } from '../support/database.ts'
import { startMailServer, type MailServer } from '../support/mail-server.ts'
import { openSubscriber, raise } from '../support/realtime.ts'
import { freePort, startTestServer, testServerKeySecret } from '../support/server.ts'
import { useWorld } from '../support/world.ts'

const port = await freePort()
const from = 'alerts@keys.example'
const world = useWorld({ mail: { url: `smtp://127.0.0.1:${String(port)}`, from } })

let post: MailServer | undefined
afterEach(async () => {
  await post?.close()
  post = undefined
})

const newAddress = () => `${randomUUID()}@mail.example`

/** Lets the next attempt be due now, and a lease have run out. */
const hurry = (id: string) =>
  world.sql`UPDATE webhooks SET paused_until = NULL, due_at = least(due_at, now()), leased_until = NULL WHERE id = ${id}`

test('while the mail server is down alerts wait, and come as one mail when it is back', async () => {
  const owner = await openSubscriber(world.url)
  const address = newAddress()
  post = await startMailServer({ port })
  const id = await confirmedAddress(world, { key: owner.key, address, server: post })
  await mailsTo(post, address, 2)
  await post.close()
  await raise(world, owner)
  await eventually(
    async () => (await channelsOf(world.url, owner.key))[0]?.['failure'] === 'MAIL_SERVER_UNREACHABLE',
    { withinMs: 15_000, what: 'the failure' },
  )
  await raise(world, owner, { count: 6 })
  post = await startMailServer({ port })
  await hurry(id)
  const [mail] = await mailsTo(post, address, 1)
  expect(mail?.subject).toBe('7 alerts about your keys')
  await eventually(async () => (await channelsOf(world.url, owner.key))[0]?.['failingSince'] === null, {
    withinMs: 5_000,
    what: 'the record',
  })
  const log = world.server.logLines.join('')
  expect(log).toContain('the mail server cannot be reached')
  expect(log).toContain('the mail server takes mail again')
})

test('a confirmation mail that could not be sent is sent when the mail server is back', async () => {
  const owner = await openSubscriber(world.url)
  const address = newAddress()
  const id = await addChannel(world.url, owner.key, { kind: 'EMAIL', target: address })
  await eventually(
    async () => (await channelsOf(world.url, owner.key))[0]?.['failure'] === 'MAIL_SERVER_UNREACHABLE',
    { withinMs: 15_000, what: 'the failure' },
  )
  post = await startMailServer({ port })
  await hurry(id)
  const [mail] = await mailsTo(post, address, 1)
  expect(mail?.subject).toBe('Confirm that alerts may be sent to this address')
})

test('a mail whose answer was lost comes again as the same one, whatever was raised since; then the rest', async () => {
  const owner = await openSubscriber(world.url)
  const address = newAddress()
  let isCutting = false
  post = await startMailServer({
    port,
    onMail: (_mail, { cut }) => {
      if (isCutting) cut()
    },
  })
  const id = await confirmedAddress(world, { key: owner.key, address, server: post })
  await mailsTo(post, address, 2)
  isCutting = true
  await raise(world, owner)
  const [, , lost] = await mailsTo(post, address, 3)
  await raise(world, owner, { count: 3 })
  isCutting = false
  await eventually(
    async () => {
      await elapse(world, id)
      return post?.to(address).at(-1)?.subject === '3 alerts about your keys'
    },
    { withinMs: 15_000, what: 'the repetition and the rest' },
  )
  const mails = post.to(address)
  const repeated = mails.slice(2, -1)
  expect(repeated.length).toBeGreaterThan(1)
  expect(new Set(repeated.map(({ messageId }) => messageId))).toEqual(new Set([lost?.messageId]))
  expect(new Set(repeated.map(({ text }) => text))).toEqual(new Set([lost?.text]))
  expect(mails.at(-1)?.messageId).not.toBe(lost?.messageId)
})

test('a server that is killed between a mail and its record has it sent again by another, as the same one', async () => {
  const database = await createTestDatabase()
  const administrator = administer(database.url)
  onTestFinished(async () => {
    await administrator.close()
    await database.drop()
  })
  let kill = () => undefined as unknown
  post = await startMailServer({
    port,
    onMail: () => {
      kill()
    },
  })
  const url = `http://127.0.0.1:${String(await freePort())}`
  const child = runScript('client/bin/claviger.js', {
    args: ['serve'],
    env: {
      DATABASE_URL: database.url,
      SERVER_KEY_SECRET: testServerKeySecret,
      PORT: new URL(url).port,
      PUBLIC_URL: url,
      SMTP_URL: post.url,
      SMTP_FROM: from,
      LOG_LEVEL: 'warn',
    },
    timeoutMs: 120_000,
  })
  await eventually(() => child.output().includes('GraphQL'), {
    withinMs: 60_000,
    what: 'the server is ready',
  })
  const owner = await openSubscriber(url)
  const address = newAddress()
  const id = await confirmedAddress({ url }, { key: owner.key, address, server: post })
  await mailsTo(post, address, 2)
  kill = () => child.process.kill('SIGKILL')
  await raise(administrator, owner)
  await child.ended
  kill = () => undefined
  const [, , lost] = post.to(address)
  expect(lost?.subject).toContain('was revoked')

  const successor = await startTestServer(database.url, {
    publicOrigins: [url],
    mail: { url: post.url, from },
  })
  onTestFinished(() => successor.stop())
  await raise(administrator, owner, { count: 2 })
  await administrator.sql`UPDATE webhooks SET leased_until = NULL WHERE id = ${id}`
  const [, , , again] = await mailsTo(post, address, 4)
  expect([again?.messageId, again?.text]).toEqual([lost?.messageId, lost?.text])
  await eventually(
    async () => {
      await elapse(administrator, id)
      return post?.to(address).at(-1)?.subject === '2 alerts about your keys'
    },
    { withinMs: 15_000, what: 'the rest' },
  )
  expect(post.to(address)).toHaveLength(5)
})
