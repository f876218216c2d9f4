import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newOwner, useWorld } from '../../support/devices.ts'
import { Claviger } from './claviger.ts'
import { runAtTerminal, terminalMissing } from './terminal.ts'

/* A person who mistypes at a terminal may try again, three times in all; a file or a pipe says the same again. */

const world = useWorld()
const passphrase = 'correct horse battery staple'
const at = 'Passphrase: '
const owner = newOwner()
let home: string
let claviger: Claviger

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'claviger-tries-'))
  await writeFile(join(home, 'right'), `${passphrase}\n`, { mode: 0o600 })
  await writeFile(join(home, 'wrong'), 'another one of these\n', { mode: 0o600 })
  claviger = new Claviger(home, { CLAVIGER_URL: world.url, CLAVIGER_NO_RECOVERY_WARNING: '1' })
  await claviger.json('init', '--owner', owner, '--passphrase-file', 'right')
})
afterAll(() => rm(home, { recursive: true, force: true }))

describe.skipIf(terminalMissing !== null)(`at a terminal (${terminalMissing ?? 'made by script'})`, () => {
  test('a wrong passphrase is asked for again, and the right one then opens the keystore', async () => {
    const lines = [
      { at, line: 'wrong' },
      { at, line: '' },
      { at, line: passphrase },
    ]
    const { code, shown, left } = await runAtTerminal(['--url', world.url, 'whoami'], { home, lines })
    expect(shown).toContain(owner)
    expect(shown).toContain('Try again.')
    expect(shown).not.toContain(passphrase)
    expect({ code, left }).toEqual({ code: 0, left: 0 })
  }, 60_000)

  test('after three wrong ones it ends, with the option that names the file', async () => {
    const lines = Array.from({ length: 4 }, () => ({ at, line: 'wrong' }))
    const { code, shown, left } = await runAtTerminal(['--url', world.url, 'whoami'], { home, lines })
    expect({ code, left }).toEqual({ code: 3, left: 1 })
    expect(shown).toContain('KEYSTORE_LOCKED')
    expect(shown).toContain('--passphrase-file')
  }, 60_000)

  test('a weak or differently repeated new passphrase can be chosen again', async () => {
    const lines = [
      { at: 'New passphrase: ', line: 'short' },
      { at: 'New passphrase: ', line: passphrase },
      { at: 'Once more: ', line: 'mistyped' },
      { at: 'New passphrase: ', line: passphrase },
      { at: 'Once more: ', line: passphrase },
    ]
    const args = [
      '--url',
      world.url,
      '--keystore',
      'second.json',
      'init',
      '--owner',
      newOwner(),
      '--passphrase',
    ]
    const { code, left } = await runAtTerminal(args, { home, lines })
    expect({ code, left }).toEqual({ code: 0, left: 0 })
    const opened = ['whoami', '--keystore', 'second.json', '--passphrase-file', 'right']
    expect((await claviger.run(opened)).code).toBe(0)
  }, 60_000)

  test('a mistyped recovery word can be typed again, when it is asked back and when the phrase is used', async () => {
    const keystore = ['--keystore', 'third.json']
    const name = newOwner()
    await claviger.json('init', '--owner', name, ...keystore)
    const created = claviger.start(['recovery', 'create', '--yes-i-wrote-it-down', '--json', ...keystore])
    let text = ''
    for await (const chunk of created.stdout ?? []) text += String(chunk)
    const { words } = JSON.parse(text.slice(0, text.indexOf('\n')))
    const phrase = 'Recovery phrase (24 words): '
    const lines = [
      { at: phrase, line: [...words.slice(1), 'zoo', 'zebra'].join(' ') },
      { at: phrase, line: words.join(' ') },
    ]
    const args = ['--url', world.url, '--keystore', 'restored.json', 'recovery', 'use', '--owner', name]
    const { code, shown, left } = await runAtTerminal(args, { home, lines })
    expect(shown).toContain('Try again.')
    expect({ code, left }).toEqual({ code: 0, left: 0 })
  }, 60_000)
})

test('a wrong passphrase in a file is tried once, and a wrong one of a backup names its own option', async () => {
  const wrong = await claviger.run(['whoami', '--passphrase-file', 'wrong'])
  expect(wrong).toMatchObject({ code: 3, stdout: '' })
  expect(wrong.stderr).not.toContain('Try again')
  const right = ['--passphrase-file', 'right']
  await claviger.json('backup', 'export', 'all.backup', '--backup-passphrase-file', 'right', ...right)
  const inspect = ['backup', 'inspect', 'all.backup']
  const refused = await claviger.run([...inspect, '--backup-passphrase-file', 'wrong'])
  expect(refused.stderr).toContain('--backup-passphrase-file')
  const unasked = await claviger.run(inspect)
  expect(unasked.stderr).toContain('--backup-passphrase-file is needed')
  const piped = await claviger.run(['recovery', 'use', '--owner', owner], { stdin: 'zoo zoo' })
  expect(piped).toMatchObject({ code: 1, stdout: '' })
  expect(piped.stderr).not.toContain('Try again')
})
