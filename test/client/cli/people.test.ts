import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectionLine } from '../../../client/cli/alert-text.ts'
import { causesOf } from '../../../client/cli/failure.ts'
import { parseInstant } from '../../../client/cli/options.ts'
import { VaultError } from '../../../client/index.ts'
import { createPhrase, parsePhrase } from '../../../client/recovery/phrase.ts'
import { readConfig } from '../../../server/config.ts'
import { parseServeFlags } from '../../../server/settings/flags.ts'
import { Claviger } from './claviger.ts'

describe('a date', () => {
  test.each([
    '2027-02-30T00:00:00Z',
    '2027-04-31T12:00:00+02:00',
    '2027-02-29T00:00:00Z',
    '2027-01-01T24:00:00Z',
  ])('%s that is on no calendar is refused', (text) => {
    expect(() => parseInstant(text)).toThrow('A time is like')
  })

  test.each(['2028-02-29T00:00:00Z', '2027-12-31T23:59:59+14:00', '2027-01-01T00:30:00-05:00'])(
    '%s is taken',
    (text) => {
      expect(parseInstant(text)).toEqual(new Date(text))
    },
  )
})

describe('a recovery phrase as people write it', () => {
  const words = createPhrase()
  test.each([
    ['numbers', words.map((word, index) => `${String(index + 1)}. ${word}`).join('\n')],
    ['bullets', words.map((word) => `• ${word}`).join('\n')],
    ['quotes', words.map((word) => `“${word}”`).join(', ')],
    ['hyphens', words.join('-')],
    ['soft hyphens', words.map((word) => `${word.slice(0, 2)}\u00ad${word.slice(2)}`).join(' ')],
    ['characters that are not seen', `\ufeff${words.join('\u200b \u2060')}`],
    ['a Turkish dotless i', words.join(' ').replaceAll('i', 'ı')],
    ['a Turkish capital I', words.join(' ').replaceAll('i', 'İ').toUpperCase()],
  ])('with %s is read', (_what, text) => {
    expect(parsePhrase(text)).toEqual(words)
  })

  test('with a word of other letters is not', () => {
    expect(() => parsePhrase(words.with(3, 'абзац').join(' '))).toThrow('Word 4')
  })
})

describe('the options of serve', () => {
  test('win over their variables', () => {
    const args = ['--port', '8080', '--host', '::1', '--data-dir=/srv/claviger']
    const { settings } = parseServeFlags(args)
    expect(settings).toEqual({ PORT: '8080', HOST: '::1', DATA_DIR: '/srv/claviger' })
    const config = readConfig({ PORT: '1', LOG_LEVEL: 'warn' }, settings)
    expect(config).toMatchObject({ port: 8080, host: '::1', logLevel: 'warn' })
  })

  test.each([['--prot', '1'], ['8080'], ['--port']])('%j is refused', (...args) => {
    expect(() => parseServeFlags(args)).toThrow(TypeError)
  })
})

describe('the program', () => {
  let home: string
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'claviger-people-'))
  })
  afterAll(() => rm(home, { recursive: true, force: true }))

  test.each([
    ['empty', ''],
    ['headed by a byte order mark', '\ufeff{"v":1}'],
    ['cut off', 'eyJhbGciOi'],
  ])('says of a keystore that is %s that it is damaged, and asks for no passphrase', async (_what, text) => {
    const path = join(home, 'key.json')
    await writeFile(path, text, { mode: 0o600 })
    const { code, stderr } = await new Claviger(home).run(['whoami', '--keystore', path])
    expect(stderr).toContain('KEYSTORE_UNREADABLE')
    expect(stderr).not.toContain('passphrase')
    expect(code).toBe(3)
  })

  test('refuses a weak new passphrase', async () => {
    const file = join(home, 'passphrase')
    await writeFile(file, 'aaaaaaaaaaaaaaaa\n', { mode: 0o600 })
    const keystore = join(home, 'new.json')
    const args = ['init', '--owner', 'alice', '--passphrase-file', file, '--keystore', keystore]
    const { code, stderr } = await new Claviger(home).run(args)
    expect(stderr).toContain('12 characters')
    expect(code).toBe(2)
  })

  test('says with --verbose what caused a failure', async () => {
    const args = ['verify', '--url', 'http://127.0.0.1:45999', '--owner', 'alice', '--verbose']
    const key = '{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}'
    const { stderr } = await new Claviger(home).run([
      ...args,
      '--application-server',
      'https://shop.example',
      '--public-key',
      key,
    ])
    expect(stderr).toContain('Nothing listens at 127.0.0.1:45999')
    expect(stderr).toContain('caused by Error: connect ECONNREFUSED')
  })
})

test('the connection of alerts is told in words', () => {
  const since = new Date()
  expect(
    connectionLine({ state: 'disconnected', transport: 'websocket', reason: 'NETWORK', since }),
  ).toContain('Not connected (NETWORK)')
  expect(connectionLine({ state: 'connected', transport: 'event-stream', reason: null, since })).toContain(
    'server-sent events',
  )
  expect(connectionLine({ state: 'connecting', transport: 'websocket', reason: null, since })).toBeNull()
})

test('causes are named one by one, and an error without one has none', () => {
  const cause = new Error('connect ECONNREFUSED')
  expect(causesOf(new VaultError('NETWORK', { cause }))).toEqual(['  caused by Error: connect ECONNREFUSED'])
  expect(causesOf(new VaultError('NETWORK'))).toEqual([])
})
