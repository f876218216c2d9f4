import { chmod, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Claviger, membersOf, type Members } from './claviger.ts'
import { useWorld } from '../../support/world.ts'

const world = useWorld()
let home: string
let claviger: Claviger
let key: Members
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'claviger-cli-'))
  claviger = new Claviger(home, { CLAVIGER_URL: world.url })
  await claviger.json('init', '--owner', 'alice')
  key = await claviger.json('key', 'create', 'https://shop.example')
})
afterAll(async () => {
  await rm(home, { recursive: true, force: true })
})

const keystorePath = () => join(home, '.config', 'claviger', 'key.json')
const modeOf = async (path: string) => (await stat(path)).mode & 0o777
const get = (...flags: string[]) => claviger.run(['key', 'get', 'https://shop.example', ...flags])

/** Whether a private Ed25519 JWK belongs to the stored public key. */
async function opens(jwk: Members): Promise<boolean> {
  const bytes = new TextEncoder().encode('probe')
  const algorithm = { name: 'Ed25519' }
  const text = (name: string) => String(jwk[name])
  const secret = { kty: text('kty'), crv: text('crv'), x: text('x'), d: text('d') }
  const privateKey = await crypto.subtle.importKey('jwk', secret, algorithm, false, ['sign'])
  const stored = membersOf(key['publicKey'])
  const publicKey = await crypto.subtle.importKey('jwk', { ...stored }, algorithm, false, ['verify'])
  return crypto.subtle.verify(
    algorithm,
    publicKey,
    await crypto.subtle.sign(algorithm, privateKey, bytes),
    bytes,
  )
}

describe('what is printed', () => {
  test('no command prints a secret unasked; asked, key get prints the very key', async () => {
    const revealed = await get('--reveal')
    const jwk = membersOf(JSON.parse(revealed.stdout))
    expect(await opens(jwk)).toBe(true)
    expect(jwk['kid']).toBe(key['id'])
    const json = await get('--reveal', '--json')
    expect(membersOf(JSON.parse(json.stdout))['secretKey']).toEqual(jwk)

    const record = membersOf(JSON.parse(await readFile(keystorePath(), 'utf8')))
    const secrets = [jwk, membersOf(record['signing']), membersOf(record['wrapping'])].map(({ d }) =>
      String(d),
    )
    const told = await Promise.all(
      [
        ['init', '--owner', 'alice'],
        ['whoami'],
        ['key', 'list'],
        ['key', 'show', String(key['id'])],
        ['key', 'get', String(key['id'])],
        ['key', 'get', String(key['id']), '--json'],
        ['key', 'get', String(key['id']), '--out', 'written.jwk'],
        ['key', 'update', String(key['id']), '--label', 'x', '--json'],
      ].map((args) => claviger.run(args)),
    )
    expect(told.map(({ code }) => code)).toEqual(told.map(() => 0))
    const text = told.map(({ stdout, stderr }) => stdout + stderr).join('')
    for (const secret of secrets) {
      expect(secret).toMatch(/^[\w-]{43}$/)
      expect(text).not.toContain(secret)
    }
    // Negative control: the search finds what is there.
    expect(revealed.stdout).toContain(secrets[0])
    expect(revealed.stderr).not.toContain(secrets[0])
  })

  test('a symmetric key is revealed as an oct JWK of 32 bytes', async () => {
    await claviger.json('key', 'create', 'https://vault.example', '--algorithm', 'A256GCM')
    const { stdout } = await claviger.run(['key', 'get', 'https://vault.example', '--reveal'])
    expect(membersOf(JSON.parse(stdout))).toEqual({
      kty: 'oct',
      k: expect.stringMatching(/^[\w-]{43}$/) as unknown,
      kid: expect.any(String) as unknown,
    })
  })
})

describe('key get --out', () => {
  test('writes the key to a file that only its owner can read, with nothing left beside it', async () => {
    const { code, stdout } = await get('--out', 'shop.jwk')
    expect(code).toBe(0)
    expect(stdout).toContain(join(home, 'shop.jwk'))
    expect(await modeOf(join(home, 'shop.jwk'))).toBe(0o600)
    expect(await opens(membersOf(JSON.parse(await readFile(join(home, 'shop.jwk'), 'utf8'))))).toBe(true)
    expect((await readdir(home)).filter((name) => name.endsWith('.tmp'))).toEqual([])
  })

  test('a file that is there, or cannot be, is told before a use is counted', async () => {
    await writeFile(join(home, 'precious'), 'precious')
    const uses = async () => (await claviger.json('key', 'show', String(key['id'])))['useCount']
    const before = await uses()
    expect(await get('--out', 'precious')).toMatchObject({ code: 2, stdout: '' })
    expect(await get('--out', 'no/such/directory')).toMatchObject({ code: 2, stdout: '' })
    expect(await readFile(join(home, 'precious'), 'utf8')).toBe('precious')
    expect(await uses()).toBe(before)
  })
})

describe('the keystore', () => {
  test('is a file for its owner alone', async () => {
    expect(await modeOf(keystorePath())).toBe(0o600)
    expect(await modeOf(join(keystorePath(), '..'))).toBe(0o700)
  })

  test('with a passphrase it is encrypted, and opens to that passphrase alone', async () => {
    const path = join(home, 'locked.json')
    const locked = new Claviger(home, { CLAVIGER_URL: world.url, CLAVIGER_KEYSTORE: path })
    await writeFile(join(home, 'passphrase'), 'correct horse\n', { mode: 0o600 })
    await writeFile(join(home, 'wrong'), 'incorrect horse', { mode: 0o600 })
    await writeFile(join(home, 'empty'), '\n', { mode: 0o600 })
    const right = ['--passphrase-file', 'passphrase']
    expect(await locked.json('init', '--owner', 'bob', ...right)).toMatchObject({ owner: 'bob' })
    expect(await readFile(path, 'utf8')).toMatch(/^ey[\w-]+(\.[\w-]+){4}$/)
    expect(await modeOf(path)).toBe(0o600)
    const [opened, wrong, missing, empty, again] = await Promise.all([
      locked.json('whoami', ...right),
      locked.run(['whoami', '--passphrase-file', 'wrong']),
      locked.run(['whoami']),
      locked.run(['whoami', '--passphrase-file', 'empty']),
      locked.json('init', '--owner', 'bob', ...right),
    ])
    expect(opened).toMatchObject({ name: 'bob' })
    expect(again).toMatchObject({ owner: 'bob' })
    expect(wrong).toMatchObject({ code: 3, stdout: '' })
    expect(missing).toMatchObject({ code: 3, stdout: '' })
    expect(missing.stderr).toContain('--passphrase-file')
    expect(empty).toMatchObject({ code: 2, stdout: '' })
  })

  test('opens to a passphrase file as editors and PowerShell of Windows write it', async () => {
    const on = new Claviger(home, { CLAVIGER_URL: world.url, CLAVIGER_KEYSTORE: join(home, 'win.json') })
    const text = 'korrektes Pferd für alle'
    const files = {
      plain: Buffer.from(text),
      'line-end': Buffer.from(`${text}\r\n`),
      marked: Buffer.from(`\ufeff${text}\r\n`),
      'utf-16': Buffer.from(`\ufeff${text}\r\n`, 'utf16le'),
    }
    for (const [name, bytes] of Object.entries(files)) await writeFile(join(home, name), bytes)
    await on.json('init', '--owner', 'win', '--passphrase-file', 'marked')
    for (const name of Object.keys(files)) {
      expect(await on.json('whoami', '--passphrase-file', name)).toMatchObject({ name: 'win' })
    }
  })

  test('init --passphrase without anybody to ask makes no keystore', async () => {
    const path = join(home, 'unasked.json')
    const { code } = await claviger.run(['init', '--owner', 'eve', '--passphrase', '--keystore', path])
    expect(code).toBe(3)
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  test('one that others can read is not used', async () => {
    await chmod(keystorePath(), 0o644)
    const { code, stderr } = await claviger.run(['whoami'])
    await chmod(keystorePath(), 0o600)
    expect(code).toBe(3)
    expect(stderr).toContain('chmod 600')
  })
})

describe('help', () => {
  test('--help lists every command, serve too, and the exit codes', async () => {
    const [help, serve, version] = await Promise.all([
      claviger.run(['--help']),
      claviger.run(['serve', '--help']),
      claviger.run(['--version']),
    ])
    expect(help).toMatchObject({ code: 0, stderr: '' })
    for (const name of ['init', 'key', 'verify', 'alerts', 'webhook', 'whoami', 'serve', 'server-key']) {
      expect(help.stdout).toMatch(new RegExp(`^ {2}${name}\\b`, 'm'))
    }
    expect(help.stdout).toContain('Exit codes:')
    expect(serve.stdout).toContain('DATABASE_URL')
    expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})
