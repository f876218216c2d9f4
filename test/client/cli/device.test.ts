import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Claviger, linesOf, membersOf } from './claviger.ts'
import { newOwner, shop, useWorld } from '../../support/devices.ts'

const world = useWorld()
let homes: string
beforeAll(async () => {
  homes = await mkdtemp(join(tmpdir(), 'claviger-devices-'))
})
afterAll(() => rm(homes, { recursive: true, force: true }))

test('a device is added, listed and revoked by command', async () => {
  const owner = newOwner()
  const [laptop, phone] = await Promise.all(
    ['laptop-', 'phone-'].map(
      async (name) => new Claviger(await mkdtemp(join(homes, name)), { CLAVIGER_URL: world.url }),
    ),
  )
  if (laptop === undefined || phone === undefined) throw new TypeError('Two homes were made.')
  await laptop.json('init', '--owner', owner, '--label', 'Laptop')
  const { id } = await laptop.json('key', 'create', shop)
  const adding = phone.start(['device', 'add', '--owner', owner, '--label', 'Phone', '--json'])
  const lines = linesOf(adding)
  const { code, words } = membersOf(JSON.parse(String((await lines.next()).value)))
  const six = (words as string[]).join(' ')

  const wrong = await laptop.run([
    'device',
    'approve',
    String(code),
    '--words',
    'one two three four five six',
  ])
  expect(wrong).toMatchObject({ code: 2, stdout: '' })
  const asked = await laptop.run(['device', 'approve', String(code)])
  expect(asked.code).toBe(2)
  expect(asked.stderr).toContain(six)

  expect(await laptop.json('device', 'approve', String(code), '--words', six)).toMatchObject({
    rewrapped: 1,
    skipped: [],
  })
  const added = membersOf(JSON.parse(String((await lines.next()).value)))
  expect(added).toMatchObject({ owner, url: world.url })
  expect(await phone.json('key', 'get', shop)).toMatchObject({ id })

  const rotated = await laptop.json('device', 'rotate')
  expect(rotated).toMatchObject({ rewrapped: 1 })
  expect(await laptop.json('whoami')).toMatchObject({ managementKeyId: rotated['managementKeyId'] })
  expect(await laptop.json('key', 'get', shop)).toMatchObject({ id })

  const { devices } = await laptop.json('device', 'list')
  expect(devices).toMatchObject([
    { label: 'Phone', isThisOne: false, isTrusted: true },
    { label: 'Laptop', isThisOne: true, isTrusted: true },
  ])
  expect((await laptop.run(['device', 'revoke', String(added['managementKeyId'])])).code).toBe(2)
  await laptop.json('device', 'revoke', String(added['managementKeyId']), '--yes')
  expect((await phone.run(['key', 'list'])).code).toBe(1)
})
