import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Claviger, membersOf } from './claviger.ts'
import { linkIn, mailsTo } from '../../support/channels.ts'
import { startMailServer } from '../../support/mail-server.ts'
import { useWorld } from '../../support/world.ts'

const post = await startMailServer()
const world = useWorld({ mail: { url: post.url, from: 'alerts@keys.example' } })
let home: string
let claviger: Claviger
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'claviger-cli-'))
  claviger = new Claviger(home, { CLAVIGER_URL: world.url })
  await claviger.json('init', '--owner', 'alice')
})
afterAll(async () => {
  await post.close()
  await rm(home, { recursive: true, force: true })
})

test('an address is added, confirmed by its mail, listed, changed and removed', async () => {
  const address = 'alice@mail.example'
  const added = await claviger.run([
    'channel',
    'add',
    'email',
    address,
    '--kinds',
    'key_expired',
    '--language',
    'de',
  ])
  expect(added).toMatchObject({ code: 0, stderr: expect.stringContaining('Follow the link') as unknown })
  expect(added.stdout).toMatch(/^Confirmed +no/m)
  const [mail] = await mailsTo(post, address, 1)
  expect(mail?.subject).toBe('Bestätige, dass Meldungen an diese Adresse gehen dürfen')
  await fetch(linkIn(mail ?? { text: '' }, 'confirm'), { method: 'POST' })
  const { channels } = await claviger.json('channel', 'list')
  const [channel = {}] = Array.isArray(channels) ? channels.map(membersOf) : []
  expect(channel).toMatchObject({
    kind: 'EMAIL',
    target: address,
    kinds: ['KEY_EXPIRED'],
    language: 'DE',
    isConfirmed: true,
  })
  expect((await claviger.run(['alerts'])).stdout).toMatch(/CHANNEL_CHANGED.*email channel \S+ was added/)
  expect(await claviger.json('channel', 'add', 'email', address)).toMatchObject({
    id: channel['id'],
    kinds: null,
  })
  expect(await claviger.json('channel', 'remove', String(channel['id']))).toMatchObject({ target: address })
  expect(await claviger.run(['channel', 'list'])).toMatchObject({ code: 0, stdout: 'No channels.\n' })
})

test('a kind that is none, a target that is refused, and a channel that is not there are told', async () => {
  const endings = await Promise.all(
    [
      ['channel', 'add', 'pigeon', 'alice'],
      ['channel', 'add', 'email', 'alice'],
      ['channel', 'add', 'slack', 'https://127.0.0.1/'],
      ['channel', 'remove', '00000000-0000-4000-8000-000000000000'],
    ].map((args) => claviger.run([...args, '--json'])),
  )
  expect(
    endings.map(({ code, stderr }) => [code, membersOf(membersOf(JSON.parse(stderr))['error'])['code']]),
  ).toEqual([
    [2, 'USAGE'],
    [2, 'BAD_USER_INPUT'],
    [2, 'BAD_USER_INPUT'],
    [1, 'NOT_FOUND'],
  ])
  expect(endings[3]?.stderr).toContain('claviger channel list')
})
