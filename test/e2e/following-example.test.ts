import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { applicationServerKeyId } from '../../client/verifier.ts'
import { thumbprint } from '../../schema/wire/keys/thumbprint.ts'
import { run } from '../support/processes.ts'
import { createRawKey, openAccount, storeKey } from '../support/raw-client.ts'
import { freePort } from '../support/server.ts'
import { privateJwk, revoke } from '../support/key-changes.ts'
import { useWorld } from '../support/world.ts'

/* The programs that docs/verifier.md shows, run one after the other in an empty directory. */

const example = (name: string) => fileURLToPath(new URL(`../../examples/${name}`, import.meta.url))

const server = useWorld({ allowsPrivateApplicationServers: true })
let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'claviger-identity-'))
})
afterAll(async () => {
  await rm(directory, { recursive: true })
})

test.each(['make-identity.js', 'following-application-server.js'])(
  'docs/verifier.md shows examples/%s as it is',
  async (name) => {
    const page = await readFile(new URL('../../docs/verifier.md', import.meta.url), 'utf8')
    const [, shown] = new RegExp(`<!-- examples/${name} -->\n\n\`\`\`js\n([^]*?)\`\`\``).exec(page) ?? []
    expect(shown).toBe(await readFile(example(name), 'utf8'))
  },
)

test('the application server of the page makes its key, is registered and proved, and is told of a revocation', async () => {
  const making = run([example('make-identity.js')], {}, { cwd: directory })
  expect(await making.exited, making.output()).toBe(0)
  expect((await stat(join(directory, 'identity.jwk'))).mode & 0o777).toBe(0o600)
  const name = `http://localhost:${String(await freePort())}`
  const shop = run([example('following-application-server.js'), server.url, name], {}, { cwd: directory })
  await shop.says('Registered.')
  await shop.says('followed')
  const owner = await openAccount(server.url)
  const { id } = await storeKey(server.url, owner.key, { applicationServer: name })
  await revoke(server.url, owner, { id })
  await shop.says('changed')
  expect((await fetch(name)).status).toBe(401)
  await shop.stop()
}, 60_000)

test('the id of a key is known before it is registered, from a JWK and from a pair', async () => {
  const key = await createRawKey()
  expect(await applicationServerKeyId({ signingKey: await privateJwk(key) })).toBe(key.id)
  const pair = await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])
  if (!('privateKey' in pair)) throw new TypeError('Ed25519 has pairs.')
  const { x } = await crypto.subtle.exportKey('jwk', pair.publicKey)
  const publicKey = { kty: 'OKP', crv: 'Ed25519', x: x ?? '' } as const
  expect(await applicationServerKeyId({ signingKey: pair })).toBe(await thumbprint(publicKey))
})
