import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Claviger, membersOf } from './claviger.ts'
import { useWorld } from '../../support/world.ts'

const world = useWorld()
let home: string
let claviger: Claviger
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'claviger-cli-'))
  claviger = new Claviger(home, { CLAVIGER_URL: world.url })
  await claviger.json('init', '--owner', 'alice')
})
afterAll(async () => {
  await rm(home, { recursive: true, force: true })
})

const url = 'https://hooks.example/claviger'

test('webhook set shows the secret once, and no other command or log shows it', async () => {
  const set = await claviger.run(['webhook', 'set', url, '--kinds', 'key_revoked,KEY_EXPIRED'])
  expect(set).toMatchObject({ code: 0, stderr: expect.stringContaining('not shown again') as unknown })
  const [, secret = ''] = /^Secret +(whsec_\S{44})$/m.exec(set.stdout) ?? []
  expect(secret).not.toBe('')
  const again = await claviger.run(['webhook', 'set', url])
  expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining('--renew-secret') as unknown })
  const [webhook] = await listed()
  const id = String(webhook?.['id'])
  const told = await Promise.all(
    [
      ['webhook', 'list'],
      ['webhook', 'list', '--json'],
      ['webhook', 'redeliver', id],
    ].map((args) => claviger.run(args)),
  )
  expect(told.map(({ code }) => code)).toEqual([0, 0, 0])
  const text = [again, ...told].map(({ stdout, stderr }) => stdout + stderr).join('')
  expect(text).not.toContain(secret)
  expect(text).not.toContain('whsec_')
  expect(world.server.logLines.join('')).not.toContain(secret.slice('whsec_'.length))
  // Negative control: the search finds what is there.
  expect(set.stdout).toContain(secret)
  const renewed = await claviger.json('webhook', 'set', url, '--renew-secret')
  expect(renewed).toMatchObject({ id, url, secret: expect.stringMatching(/^whsec_/) as unknown })
  expect(renewed['secret']).not.toBe(secret)
})

test('webhook list tells where alerts go, of which kinds, and how that does; remove ends it', async () => {
  await claviger.json('webhook', 'set', url, '--kinds', 'KEY_OVERUSED')
  const [webhook] = await listed()
  expect(webhook).toMatchObject({ url, kinds: ['KEY_OVERUSED'], lastDeliveredAt: null, deadLetterCount: 0 })
  const id = String(webhook?.['id'])
  const { stdout } = await claviger.run(['webhook', 'list'])
  expect(stdout).toMatch(new RegExp(`^Webhook +${id}$`, 'm'))
  expect(stdout).toMatch(/^Kinds +KEY_OVERUSED$/m)
  expect(stdout).toMatch(/^Delivered +never$/m)
  const renewed = await claviger.json('webhook', 'set', url, '--renew-secret')
  expect(renewed).toMatchObject({ id, kinds: ['KEY_OVERUSED'], secret: expect.any(String) as unknown })
  expect(await claviger.json('webhook', 'remove', id)).toMatchObject({ id, url })
  expect(await claviger.run(['webhook', 'list'])).toMatchObject({ code: 0, stdout: 'No webhooks.\n' })
})

test('a URL that is refused, a kind that is none, and a webhook that is not there are told', async () => {
  const endings = await Promise.all(
    [
      ['webhook', 'set', 'https://127.0.0.1/'],
      ['webhook', 'set', url, '--kinds', 'KEY_BLESSED'],
      ['webhook', 'remove', '00000000-0000-4000-8000-000000000000'],
      ['webhook', 'redeliver', '00000000-0000-4000-8000-000000000000'],
    ].map((args) => claviger.run([...args, '--json'])),
  )
  expect(
    endings.map(({ code, stderr }) => [code, membersOf(membersOf(JSON.parse(stderr))['error'])['code']]),
  ).toEqual([
    [2, 'BAD_USER_INPUT'],
    [2, 'USAGE'],
    [1, 'NOT_FOUND'],
    [1, 'NOT_FOUND'],
  ])
  expect(endings[2]?.stderr).toContain('claviger webhook list')
})

async function listed(): Promise<Readonly<Record<string, unknown>>[]> {
  const { webhooks } = await claviger.json('webhook', 'list')
  return Array.isArray(webhooks) ? webhooks.map(membersOf) : []
}
