import { chmod, mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { failureOf } from '../../../client/cli/failure.ts'
import { Claviger, membersOf, type Ended, type Members } from './claviger.ts'
import { useWorld } from '../../support/world.ts'

const world = useWorld()
let home: string
let claviger: Claviger
let key: Members
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'claviger-cli-'))
  claviger = new Claviger(home, { CLAVIGER_URL: world.url })
  await claviger.json('init', '--owner', 'alice')
  key = await claviger.json(
    'key',
    'create',
    'https://shop.example',
    '--max-uses',
    '1',
    '--on-overuse',
    'refuse',
  )
})
afterAll(async () => {
  await rm(home, { recursive: true, force: true })
})

const nothingThere = 'http://127.0.0.1:9'

function errorOf({ stdout, stderr }: Ended): Members {
  expect(stdout).toBe('')
  return membersOf(membersOf(JSON.parse(stderr))['error'])
}

/** Fails with this code and exit code, in JSON and in words; neither is a stack trace. */
async function expectFailure(
  args: readonly string[],
  { exitCode, code, on = claviger }: { exitCode: number; code: string; on?: Claviger },
): Promise<string> {
  const [words, json] = await Promise.all([on.run(args), on.run([...args, '--json'])])
  expect({ code: words.code, stdout: words.stdout }).toEqual({ code: exitCode, stdout: '' })
  expect(words.stderr).toMatch(new RegExp(`^claviger: .*[.?!)'] \\(${code}(: [\\w.]+)?\\)\n`))
  expect(words.stderr).not.toMatch(/^\s+at /m)
  expect(json.code).toBe(exitCode)
  const error = errorOf(json)
  expect(error).toMatchObject({ code, exitCode, message: expect.any(String) as unknown })
  return words.stderr
}

describe('1, the answer is no', () => {
  test('verify of another public key', async () => {
    const jwk = '{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}'
    const args = [
      'verify',
      '--owner',
      'alice',
      '--application-server',
      'https://shop.example',
      '--public-key',
      jwk,
    ]
    const [words, json] = await Promise.all([claviger.run(args), claviger.run([...args, '--json'])])
    expect(words).toMatchObject({ code: 1, stderr: '' })
    expect(words.stdout).toMatch(/^Not valid: it does not coincide/)
    expect(json).toMatchObject({ code: 1, stderr: '' })
    expect(membersOf(JSON.parse(json.stdout))).toMatchObject({ valid: false, status: 'unknown-key' })
  })

  test('a key that is not there', async () => {
    const id = '00000000-0000-4000-8000-000000000000'
    await expectFailure(['key', 'show', id], { exitCode: 1, code: 'NOT_FOUND' })
    await expectFailure(['key', 'get', id], { exitCode: 1, code: 'NOT_FOUND' })
    await expectFailure(['key', 'rotate', id], { exitCode: 1, code: 'NOT_FOUND' })
    await expectFailure(['key', 'get', 'https://other.example'], { exitCode: 1, code: 'NO_ACTIVE_KEY' })
  })

  test('a key that was revoked for another reason has no successor', async () => {
    const { id } = await claviger.json('key', 'create', 'https://gone.example')
    await claviger.json('key', 'revoke', String(id))
    await expectFailure(['key', 'rotate', String(id)], { exitCode: 1, code: 'KEY_REVOKED' })
  })

  test('a use beyond the limit under refuse', async () => {
    await claviger.json('key', 'get', String(key['id']))
    await expectFailure(['key', 'get', String(key['id'])], { exitCode: 1, code: 'KEY_OVERUSED' })
  })

  test('a name that is taken; the management key is kept, and opens an account under another name', async () => {
    const bob = new Claviger(home, { CLAVIGER_URL: world.url, CLAVIGER_KEYSTORE: join(home, 'bob.json') })
    const words = await expectFailure(['init', '--owner', 'alice'], {
      exitCode: 1,
      code: 'CONFLICT',
      on: bob,
    })
    expect(words).toContain('another --owner')
    await expectFailure(['whoami'], { exitCode: 1, code: 'UNAUTHENTICATED', on: bob })
    expect(await bob.json('init', '--owner', 'bob')).toMatchObject({ owner: 'bob' })
  })
})

describe('2, wrong usage', () => {
  test.each([
    ['an unknown command', ['keys']],
    ['an unknown option', ['whoami', '--loud']],
    ['a missing argument', ['key', 'create']],
    ['an argument too many', ['key', 'show', 'a', 'b']],
    ['a missing option', ['init']],
    ['a time that is none', ['key', 'create', 'https://shop.example', '--expires', 'tomorrow']],
    ['a number of uses that is none', ['key', 'rotate', 'x', '--max-uses', '0']],
    ['a state that is none', ['key', 'list', '--state', 'LOST']],
    ['nothing to change', ['key', 'update', 'x']],
    ['two ways out for a secret', ['key', 'get', 'x', '--reveal', '--out', 'y']],
    ['serve behind an option', ['--keystore', 'x', 'serve']],
  ])('%s', async (_what, args) => {
    const ended = await claviger.run([...args, '--json'])
    expect(ended.code).toBe(2)
    expect(errorOf(ended)).toMatchObject({ code: 'USAGE', exitCode: 2 })
  })

  test('in words it is one sentence, and how to learn more', async () => {
    const words = await expectFailure(['key', 'creat'], { exitCode: 2, code: 'USAGE' })
    expect(words).toBe(
      "claviger: Unknown command 'creat' (Did you mean create?) (USAGE)\n  `claviger key --help` shows how.\n",
    )
  })

  test('no command at all shows the help, on stderr', async () => {
    const [bare, json] = await Promise.all([claviger.run([]), claviger.run(['--json'])])
    expect(bare).toMatchObject({ code: 2, stdout: '' })
    expect(bare.stderr).toMatch(/^Usage: claviger/)
    expect(errorOf(json)).toMatchObject({ code: 'USAGE' })
  })

  test("an owner's name and a URL that are none", async () => {
    const on = new Claviger(home, { CLAVIGER_KEYSTORE: join(home, 'none.json') })
    await expectFailure(['init', '--owner', 'A!'], { exitCode: 2, code: 'BAD_USER_INPUT', on })
    await expectFailure(['init', '--owner', 'carol', '--url', 'ftp://x'], {
      exitCode: 2,
      code: 'URL_INVALID',
      on,
    })
  })

  test('a private key as public key is not sent, and not repeated', async () => {
    const secret = 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A'
    const jwk = `{"kty":"OKP","crv":"Ed25519","d":"${secret}","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`
    const args = [
      'verify',
      '--owner',
      'alice',
      '--application-server',
      'https://shop.example',
      '--public-key',
    ]
    const words = await expectFailure([...args, jwk], { exitCode: 2, code: 'PUBLIC_KEY_INVALID' })
    const truncated = await expectFailure([...args, jwk.slice(0, -1)], {
      exitCode: 2,
      code: 'PUBLIC_KEY_INVALID',
    })
    expect(`${words}${truncated}`).not.toContain(secret.slice(0, 8))
    await expectFailure([...args, 'no-such-file'], { exitCode: 2, code: 'FILE_UNREADABLE' })
  })
})

describe('3, the keystore', () => {
  test('there is no management key: says where, and how to make one', async () => {
    const on = new Claviger(home, { CLAVIGER_KEYSTORE: join(home, 'none.json') })
    const words = await expectFailure(['whoami'], { exitCode: 3, code: 'KEYSTORE_EMPTY', on })
    expect(words).toContain(join(home, 'none.json'))
    expect(words).toContain('claviger init --owner NAME')
  })

  test('it can be read by others, holds something else, or is no file', async () => {
    const path = join(home, 'bad.json')
    const on = new Claviger(home, { CLAVIGER_KEYSTORE: path })
    await writeFile(path, '{}', { mode: 0o600 })
    await expectFailure(['whoami'], { exitCode: 3, code: 'KEYSTORE_UNREADABLE', on })
    await chmod(path, 0o644)
    await expectFailure(['whoami'], { exitCode: 3, code: 'KEYSTORE_EXPOSED', on })
    const directory = new Claviger(home, { CLAVIGER_KEYSTORE: join(path, 'below') })
    await expectFailure(['whoami'], { exitCode: 3, code: 'KEYSTORE_UNREADABLE', on: directory })
  })

  test("it holds another account's management key", async () => {
    await expectFailure(['init', '--owner', 'dave'], { exitCode: 3, code: 'KEYSTORE_OCCUPIED' })
  })
})

describe('4, no answer', () => {
  test('nobody listens there: says where it looked, and verify does not take it for a no', async () => {
    const on = new Claviger(home, { CLAVIGER_URL: nothingThere })
    const question = [
      'verify',
      '--owner',
      'alice',
      '--application-server',
      'https://shop.example',
      '--public-key',
    ]
    const told = await Promise.all(
      [['whoami'], ['alerts', '--follow'], [...question, JSON.stringify(key['publicKey'])]].map((args) =>
        expectFailure(args, { exitCode: 4, code: 'NETWORK', on }),
      ),
    )
    for (const words of told) expect(words).toContain(nothingThere)
  })

  test('a key server that cannot answer now', async () => {
    const busy = createServer((_request, response) => {
      response.writeHead(503, { 'content-type': 'application/json' })
      response.end('{"errors":[{"message":"Later.","extensions":{"code":"UNAVAILABLE"}}]}')
    }).listen(0, '127.0.0.1')
    await once(busy, 'listening')
    const address = busy.address()
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0
    const on = new Claviger(home, { CLAVIGER_URL: `http://127.0.0.1:${port}` })
    await expectFailure(['whoami'], { exitCode: 4, code: 'UNAVAILABLE', on })
    busy.closeAllConnections()
    busy.close()
  })
})

test('3: a HOME that is empty is none, and leads to no keystore in the current directory', async () => {
  const { code, stderr } = await claviger.run(['key', 'list', '--json'], {
    env: { HOME: '', XDG_CONFIG_HOME: '', CLAVIGER_NO_RECOVERY_WARNING: '1' },
  })
  expect(code).toBe(3)
  expect(stderr).toContain(join(userInfo().homedir, '.config', 'claviger', 'key.json'))
})

test.each(['EACCES', 'EROFS', 'ENOSPC'])(
  '3: %s of a file beside the keystore is told with its place',
  (code) => {
    const error = Object.assign(new Error(code), { code, syscall: 'open', path: '/media/.1.tmp' })
    const place = { keystorePath: '/media/key.json', url: world.url, command: 'claviger key create' }
    expect(failureOf(error, place)).toMatchObject({
      code: 'KEYSTORE_UNREADABLE',
      exitCode: 3,
      message: `The keystore, or a file beside it, cannot be read or written (${code}).`,
      hint: expect.stringContaining('/media/key.json') as unknown,
    })
  },
)

test.runIf(process.platform === 'linux')('70: an output that cannot be written', async () => {
  const full = await open('/dev/full', 'w')
  const { code, stderr } = await claviger.run(['whoami'], {
    stdout: full.fd,
    env: { CLAVIGER_NO_RECOVERY_WARNING: '1' },
  })
  await full.close()
  expect({ code, stderr }).toEqual({
    code: 70,
    stderr: 'claviger: The output cannot be written (ENOSPC). (OUTPUT_FAILED)\n',
  })
})

test('a reader that has enough ends alerts --follow, and does not change what verify found', async () => {
  const follower = claviger.start(['alerts', '--follow'])
  const ended = once(follower, 'close')
  follower.stdout?.destroy()
  // The first alert that it cannot write ends it.
  for (let tries = 0; tries < 10 && follower.exitCode === null; tries += 1) {
    const { id } = await claviger.json('key', 'create', 'https://gone.example')
    await claviger.json('key', 'revoke', String(id))
  }
  expect((await ended)[0]).toBe(0)

  const jwk = '{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}'
  const verify = claviger.start([
    'verify',
    '--owner',
    'alice',
    '--application-server',
    'https://shop.example',
    '--public-key',
    jwk,
  ])
  verify.stdout?.destroy()
  expect((await once(verify, 'close'))[0]).toBe(1)
})
