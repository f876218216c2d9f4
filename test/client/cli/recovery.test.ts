import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Claviger, membersOf } from './claviger.ts'
import { newOwner, shop, useWorld } from '../../support/devices.ts'

const world = useWorld()
let homes: string
beforeAll(async () => {
  homes = await mkdtemp(join(tmpdir(), 'claviger-recovery-'))
})
afterAll(() => rm(homes, { recursive: true, force: true }))

const newHome = async (name: string) =>
  new Claviger(await mkdtemp(join(homes, name)), { CLAVIGER_URL: world.url })

test('a phrase is made, and gets everything back on an empty machine', async () => {
  const owner = newOwner()
  const [lost, empty] = [await newHome('lost-'), await newHome('empty-')]
  await lost.json('init', '--owner', owner)
  const { id } = await lost.json('key', 'create', shop)

  const warned = await lost.run(['whoami'])
  expect(warned).toMatchObject({ code: 0, stderr: expect.stringContaining('recovery create') as unknown })
  const silenced = await lost.run(['whoami'], { env: { CLAVIGER_NO_RECOVERY_WARNING: '1' } })
  expect(silenced.stderr).not.toContain('recovery')
  expect((await lost.run(['whoami', '--json'])).stderr).toBe('')

  expect(await lost.run(['recovery', 'create'])).toMatchObject({ code: 2, stdout: '' })
  const created = await lost.run(['recovery', 'create', '--yes-i-wrote-it-down', '--json'])
  const [first = '', second = ''] = created.stdout.split('\n')
  const words = membersOf(JSON.parse(first))['words'] as string[]
  expect(words).toHaveLength(24)
  expect(JSON.parse(second)).toMatchObject({ rewrapped: 1, skipped: [] })
  expect((await lost.run(['key', 'create', shop])).stderr).not.toContain('recovery')
  expect(await readFile(join(lost.home, '.config', 'claviger', 'key.json'), 'utf8')).not.toContain(words[0])

  const wrong = await empty.run(['recovery', 'use', '--owner', owner], { stdin: words.slice(1).join(' ') })
  expect(wrong).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('PHRASE_INVALID') as unknown,
  })
  expect((await empty.run(['whoami'])).code).toBe(3)

  const file = join(empty.home, 'phrase.txt')
  await writeFile(file, words.join('\n'))
  expect(await empty.json('recovery', 'use', '--owner', owner, '--phrase-file', file)).toMatchObject({
    owner,
    rewrapped: 2,
    skipped: [],
    missing: [],
  })
  expect(await empty.json('key', 'get', String(id))).toMatchObject({ id })
  const help = await empty.run(['recovery', 'use', '--owner', owner, ...words])
  expect(help.code).toBe(2)
})
