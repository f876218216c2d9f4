import { createPublicKey } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { once } from 'node:events'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Claviger, linesOf, membersOf, type Members } from './claviger.ts'
import { useWorld } from '../../support/world.ts'

/* One owner's story, command by command: each test goes on where the one before stopped. */

const world = useWorld()
let home: string
let claviger: Claviger
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'claviger-cli-'))
  claviger = new Claviger(home, { CLAVIGER_URL: world.url })
})
afterAll(async () => {
  await rm(home, { recursive: true, force: true })
})

const shop = 'https://shop.example'
let key: Members
const id = () => String(key['id'])

test('init makes the keystore below the configuration directory, and says where and with which fingerprint', async () => {
  const { code, stdout, stderr } = await claviger.run(['init', '--owner', 'alice', '--label', 'Laptop'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('Keep a copy') as unknown })
  expect(stdout).toContain(join(home, '.config', 'claviger', 'key.json'))
  expect(stdout).toMatch(/Fingerprint {2}[\w-]{43}\n/)
})

test('init again for the same owner opens the same account, and makes no other key', async () => {
  const before = await readFile(join(home, '.config', 'claviger', 'key.json'), 'utf8')
  const again = await claviger.json('init', '--owner', 'alice')
  expect(again).toMatchObject({ owner: 'alice', url: world.url })
  expect(await readFile(join(home, '.config', 'claviger', 'key.json'), 'utf8')).toBe(before)
})

test('whoami, also as account, tells the account and its management keys, also without a URL', async () => {
  const elsewhere = new Claviger(home)
  const account = await elsewhere.json('account')
  expect(account).toMatchObject({ name: 'alice', url: world.url })
  expect(account['managementKeys']).toMatchObject([{ id: account['managementKeyId'], label: 'Laptop' }])
  const { stdout } = await elsewhere.run(['whoami'])
  expect(stdout).toContain(`${String(account['managementKeyId'])}  (this one)`)
})

test('key create stores a key under the terms given', async () => {
  key = await claviger.json(
    ...['key', 'create', shop, '--label', 'Shop', '--expires', '90d', '--notice', '7d,1d'],
    ...['--max-uses', '2', '--on-overuse', 'notify'],
  )
  expect(key).toMatchObject({
    applicationServer: shop,
    label: 'Shop',
    state: 'ACTIVE',
    expiryNotices: [604_800, 86_400],
    maxUses: 2,
    useCount: 0,
    overusePolicy: 'NOTIFY',
    publicKey: { kty: 'OKP', crv: 'Ed25519' },
  })
  const days = (Date.parse(String(key['expiresAt'])) - Date.now()) / 86_400_000
  expect(days).toBeGreaterThan(89.9)
  expect(days).toBeLessThan(90.1)
})

test('key create makes symmetric keys too, which have no public key', async () => {
  const symmetric = await claviger.json('key', 'create', 'https://vault.example', '--algorithm', 'a256gcm')
  expect(symmetric).toMatchObject({ publicKey: null, thumbprint: null })
})

test('key list shows newest first, and what the filters let through', async () => {
  const { keys } = await claviger.json('key', 'list')
  expect(keys).toMatchObject([{ applicationServer: 'https://vault.example' }, { id: id() }])
  const chosen = await claviger.json('key', 'list', '--application-server', shop, '--state', 'active')
  expect(chosen['keys']).toMatchObject([{ id: id() }])
  expect(await claviger.json('key', 'list', '--state', 'REVOKED')).toEqual({ keys: [] })
  const { stdout } = await claviger.run(['key', 'list'])
  expect(stdout.split('\n')[0]).toMatch(/^ID +STATE +USES +EXPIRES +APPLICATION SERVER/)
  expect(stdout).toMatch(new RegExp(`^${id()} +ACTIVE +0 of 2 +\\S+ +${shop} {2}\\(Shop\\)$`, 'm'))
})

test('key show describes a key, and is not a use', async () => {
  expect(await claviger.json('key', 'show', id())).toEqual(key)
  const { stdout } = await claviger.run(['key', 'show', id()])
  expect(stdout).toMatch(/^Uses +0 of 2$/m)
})

test('key show tells whether a signing key has proved its possession, and key prove does it', async () => {
  const { stdout } = await claviger.run(['key', 'show', id()])
  expect(stdout).toMatch(/^Possession +proved/m)
  const { keys } = await claviger.json('key', 'list', '--application-server', 'https://vault.example')
  const [symmetric] = Array.isArray(keys) ? keys.map((one) => String(membersOf(one)['id'])) : []
  expect((await claviger.run(['key', 'show', String(symmetric)])).stdout).not.toContain('Possession')
  expect((await claviger.run(['key', 'prove', String(symmetric)])).code).toBe(2)
  // Nothing more is to be done, and no use is counted.
  expect(await claviger.json('key', 'prove', id())).toMatchObject({ useCount: 0, isPossessionProved: true })
})

test('key get by application server or by id acquires the key, and counts each time', async () => {
  const first = await claviger.json('key', 'get', shop)
  expect(first).toEqual({
    id: id(),
    applicationServer: shop,
    algorithm: 'Ed25519',
    publicKey: key['publicKey'],
    thumbprint: key['thumbprint'],
    useCount: 1,
    maxUses: 2,
  })
  const { stdout } = await claviger.run(['key', 'get', id()])
  expect(stdout).toMatch(/^Uses +2 of 2$/m)
})

test('verify says yes to the right key, from JSON, PEM, a file or stdin, and needs no keystore', async () => {
  const anybody = new Claviger(join(home), { CLAVIGER_URL: world.url, CLAVIGER_KEYSTORE: '/nowhere' })
  const jwk = JSON.stringify(key['publicKey'])
  await writeFile(join(home, 'received.jwk'), jwk)
  const pem = String(
    createPublicKey({ key: JSON.parse(jwk), format: 'jwk' }).export({ type: 'spki', format: 'pem' }),
  )
  const question = ['verify', '--owner', 'alice', '--application-server', shop, '--public-key']
  expect(await anybody.json(...question, jwk)).toMatchObject({
    valid: true,
    status: 'valid',
  })
  const answers = await Promise.all([
    anybody.run([...question, 'received.jwk']),
    anybody.run([...question, '-'], { stdin: jwk }),
    anybody.run([...question, pem]),
    anybody.run([...question, '-'], { stdin: pem }),
  ])
  for (const { code, stdout } of answers) {
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^Valid: /) as unknown })
  }
})

test('alerts --follow sees the use beyond max-uses that key get makes, and ends after --limit', async () => {
  const follower = claviger.start(['alerts', '--follow', '--limit', '1', '--kinds', 'KEY_OVERUSED', '--json'])
  const line = linesOf(follower).next()
  const ended = once(follower, 'close')
  // An alert is raised at 1, 2, 4, 8 and 16 uses too many: one of them comes after the follower has begun.
  await claviger.json('key', 'get', id())
  const seen = line.then(() => true)
  for (let uses = 1; uses < 16; uses += 1) {
    await claviger.json('key', 'get', id())
    if (await Promise.race([seen, Promise.resolve(false)])) break
  }
  const alert = membersOf(JSON.parse(String((await line).value)))
  expect(alert).toMatchObject({
    kind: 'KEY_OVERUSED',
    maxUses: 2,
    refused: false,
    transactionKey: { id: id(), applicationServer: shop, label: 'Shop' },
  })
  expect((await ended)[0]).toBe(0)
})

test('alerts --follow goes on after a cursor, and Ctrl-C ends it well', async () => {
  const past = await claviger.run(['alerts', '--json'])
  const alerts = past.stdout
    .trim()
    .split('\n')
    .map((line) => membersOf(JSON.parse(line)))
  expect(alerts[0]).toMatchObject({ kind: 'KEY_OVERUSED', excess: 1 })
  const [first, second] = alerts
  const follower = claviger.start(['alerts', '--follow', '--after', String(first?.['cursor'])])
  const ended = once(follower, 'close')
  const { value } = await linesOf(follower).next()
  expect(value).toContain(String(second?.['cursor']))
  expect(value).toContain('was used 2 time(s) beyond its 2 use(s)')
  follower.kill('SIGINT')
  expect((await ended)[0]).toBe(0)
})

test('alerts --follow goes on where the last one stopped', async () => {
  const follow = async () => {
    const { stdout } = await claviger.run(['alerts', '--follow', '--limit', '1', '--json'])
    return membersOf(JSON.parse(stdout.trim()))['cursor']
  }
  // At the first time it begins now: a key that is revoked meanwhile is the first that it sees.
  const first = follow()
  const seen = first.then(() => true)
  while (!(await Promise.race([seen, Promise.resolve(false)]))) {
    const made = await claviger.json('key', 'create', 'https://other.example')
    await claviger.json('key', 'revoke', String(made['id']))
  }
  const missed = await claviger.json('key', 'create', 'https://other.example')
  await claviger.json('key', 'revoke', String(missed['id']))
  const { stdout } = await claviger.run(['alerts', '--after', String(await first), '--json'])
  expect(await follow()).toBe(membersOf(JSON.parse(stdout.split('\n')[0] ?? ''))['cursor'])
})

test('alerts shows the newest of a limit, those after a cursor, and those of a kind', async () => {
  const lines = async (...args: string[]) =>
    (await claviger.run(['alerts', ...args])).stdout.trim().split('\n')
  const [all, newest] = await Promise.all([lines(), lines('--limit', '1')])
  expect(newest).toEqual(all.slice(-1))
  const cursor = /\[(\S+)\]$/.exec(all[0] ?? '')?.[1] ?? ''
  expect(await lines('--after', cursor)).toEqual(all.slice(1))
  expect(await lines('--kinds', 'KEY_EXPIRED')).toEqual([''])
  expect(await claviger.json('alerts', 'ack', cursor)).toEqual({ acknowledged: 1 })
  expect(await claviger.json('alerts', 'ack', cursor)).toEqual({ acknowledged: 0 })
})

test('key update changes what is given, and --no-… removes', async () => {
  const changed = await claviger.json('key', 'update', id(), '--label', 'New', '--no-max-uses')
  expect(changed).toMatchObject({ label: 'New', maxUses: null, expiresAt: key['expiresAt'] })
  const removed = await claviger.json(
    ...['key', 'update', id(), '--no-label', '--no-expires', '--max-uses', '50', '--on-overuse', 'refuse'],
  )
  expect(removed).toMatchObject({ label: null, expiresAt: null, maxUses: 50, overusePolicy: 'REFUSE' })
})

test('key revoke is seen by verify, which then says no', async () => {
  const revoked = await claviger.json('key', 'revoke', id(), '--reason', 'compromised')
  expect(revoked).toMatchObject({ state: 'REVOKED', revocationReason: 'COMPROMISED' })
  const jwk = JSON.stringify(key['publicKey'])
  const { code, stdout } = await claviger.run(
    ['verify', '--owner', 'alice', '--application-server', shop, '--public-key', '-'],
    { stdin: jwk },
  )
  expect({ code, stdout }).toEqual({
    code: 1,
    stdout: `Not valid: it coincides with a key of alice for ${shop}, which is revoked.\n`,
  })
})

test('key destroy needs --yes where nobody can be asked, and then leaves no copy', async () => {
  const refused = await claviger.run(['key', 'destroy', id()])
  expect(refused).toMatchObject({ code: 2, stdout: '' })
  expect(await claviger.json('key', 'show', id())).toMatchObject({ wrappedFor: [expect.any(String)] })
  expect(await claviger.json('key', 'destroy', id(), '--yes')).toMatchObject({ wrappedFor: [] })
})

test('key rotate makes a successor with what is given, and revokes the key as superseded', async () => {
  const till = 'https://till.example'
  const old = await claviger.json('key', 'create', till, '--label', 'Till', '--max-uses', '3')
  const rotate = ['key', 'rotate', String(old['id']), '--expires', '90d', '--on-overuse', 'refuse']
  const successor = await claviger.json(...rotate)
  expect(successor).toMatchObject({
    applicationServer: till,
    label: 'Till',
    state: 'ACTIVE',
    maxUses: 3,
    overusePolicy: 'REFUSE',
    expiresAt: expect.any(String) as unknown,
  })
  expect(successor['thumbprint']).not.toBe(old['thumbprint'])
  expect(await claviger.json('key', 'show', String(old['id']))).toMatchObject({
    state: 'REVOKED',
    revocationReason: 'SUPERSEDED',
  })
  expect(await claviger.json('key', 'get', till)).toMatchObject({ id: successor['id'] })
  const again = await claviger.run(rotate)
  expect(again).toMatchObject({ code: 0, stderr: '' })
  expect(again.stdout).toMatch(new RegExp(`^Key +${String(successor['id'])}$`, 'm'))
})

test('key show finds a key by the beginning of its id and by its label, and says which when there are several', async () => {
  const labelled = ['key', 'create', 'https://other.example', '--label', 'Kiosk'] as const
  const first = String((await claviger.json(...labelled))['id'])
  for (const named of [first.slice(0, 13), 'Kiosk']) {
    expect(await claviger.json('key', 'show', named)).toMatchObject({ id: first })
  }
  const second = String((await claviger.json(...labelled))['id'])
  const { code, stderr } = await claviger.run(['key', 'show', 'Kiosk'])
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('names 2 keys') as unknown })
  for (const shown of [first, second]) expect(stderr).toContain(shown)
  expect((await claviger.run(['key', 'show', 'Kios'])).code).toBe(1)
})

test('a term in the past is refused, and taken with --allow-expired', async () => {
  const terms = ['key', 'create', 'https://old.example', '--expires', '2020-01-01T00:00:00Z']
  expect((await claviger.run(terms)).stderr).toContain('ARGUMENT_INVALID')
  expect(await claviger.json(...terms, '--allow-expired')).toMatchObject({ state: 'EXPIRED' })
})
