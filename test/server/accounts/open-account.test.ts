import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { call, createRawKey, openAccount, send, signRequest, type RawKey } from '../../support/raw-client.ts'
import {
  expectBadInput,
  expectRefusal,
  expectUnauthenticated,
  pick,
  succeed,
  useWorld,
} from '../../support/operations.ts'

const world = useWorld()

const openMutation = `mutation ($input: OpenAccountInput!) { openAccount(input: $input) {
  id name createdAt managementKeys { id label kind signingKey wrappingKey createdAt lastUsedAt revokedAt } } }`

function operation(key: RawKey, { name = newName(), ...managementKey }: Record<string, unknown> = {}) {
  const { signingKey, wrappingKey } = key
  const input = { name, managementKey: { label: 'laptop', signingKey, wrappingKey, ...managementKey } }
  return { query: openMutation, variables: { input } }
}

function newName(): string {
  return `owner-${randomUUID()}`
}

async function expectAccepted(key: RawKey, changes: Record<string, unknown>): Promise<void> {
  await succeed(world.url, key, operation(key, changes))
}

test.for(['Ed25519', 'ES256'] as const)('an account is opened by a %s management key', async (algorithm) => {
  const key = await createRawKey(algorithm)
  const name = newName()
  const data = await succeed(world.url, key, operation(key, { name }))
  expect(pick(data, 'openAccount')).toEqual({
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    name,
    createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    managementKeys: [
      {
        id: key.id,
        label: 'laptop',
        kind: 'DEVICE',
        signingKey: key.signingKey,
        wrappingKey: key.wrappingKey,
        createdAt: expect.any(String),
        lastUsedAt: null,
        revokedAt: null,
      },
    ],
  })
})

test('a management key may be for recovery and may have no wrapping key', async () => {
  const key = await createRawKey()
  const data = await succeed(world.url, key, operation(key, { kind: 'RECOVERY', wrappingKey: null }))
  expect(pick(data, 'openAccount', 'managementKeys', 0)).toMatchObject({
    kind: 'RECOVERY',
    wrappingKey: null,
  })
})

test('a name that is taken is a conflict, for another key and for its own', async () => {
  const { name, key } = await openAccount(world.url)
  const other = await createRawKey()
  expectRefusal(await call(world.url, other, operation(other, { name })), { code: 'CONFLICT' })
  expectRefusal(await call(world.url, key, operation(key, { name })), { code: 'CONFLICT' })
})

test('a management key that is taken is a conflict, and leaves no account behind', async () => {
  const { key } = await openAccount(world.url)
  const name = newName()
  expectRefusal(await call(world.url, key, operation(key, { name })), { code: 'CONFLICT' })
  await openAccount(world.url, { name })
})

test('of two that open one name at once, one gets it', async () => {
  const name = newName()
  const keys = await Promise.all([createRawKey(), createRawKey(), createRawKey()])
  const answers = await Promise.all(keys.map((key) => call(world.url, key, operation(key, { name }))))
  expect(answers.map(({ code }) => code ?? 'opened').sort()).toEqual(['CONFLICT', 'CONFLICT', 'opened'])
})

test('opening takes a signature', async () => {
  const key = await createRawKey()
  expectUnauthenticated(await call(world.url, null, operation(key)), 'SIGNATURE_REQUIRED')
})

test('opening takes a signature by the very key that it registers', async () => {
  const [key, other] = await Promise.all([createRawKey(), createRawKey()])
  expectUnauthenticated(await call(world.url, other, operation(key)), 'SIGNATURE_INVALID')
  const { key: registered } = await openAccount(world.url)
  expectUnauthenticated(await call(world.url, registered, operation(key)), 'SIGNATURE_INVALID')
})

test('a signature that names the new key but is by another is refused', async () => {
  const [key, other] = await Promise.all([createRawKey(), createRawKey()])
  const request = await signRequest(world.url, { ...key, privateKey: other.privateKey }, operation(key))
  expectUnauthenticated(await send(request), 'SIGNATURE_INVALID')
})

test('a request that opened an account cannot be replayed', async () => {
  const key = await createRawKey()
  const request = await signRequest(world.url, key, operation(key))
  expect((await send(request)).errors).toEqual([])
  expectUnauthenticated(await send(request), 'SIGNATURE_REPLAYED')
})

test.for([`${'a'.repeat(3)}${Date.now()}`, `${Date.now()}`, 'a'.repeat(64), 'a.b_c-d@example.org', '0-0'])(
  'the name %s is accepted',
  async (name) => {
    await expectAccepted(await createRawKey(), { name })
  },
)

test.for([
  '',
  'ab',
  'a'.repeat(65),
  'Upper',
  '-first',
  '.first',
  '@first',
  'with space',
  'trailing\n',
  'nul\0',
  'ümlaut',
  'a/b',
  'раураl',
  'a\ud800b',
])('the name %j is refused', async (name) => {
  const key = await createRawKey()
  expectBadInput(await call(world.url, key, operation(key, { name })), 'input.name')
})

test.for(['', 'x'.repeat(256), 'nul\0', 'line\nbreak', 'esc\u001b[31m', 'half\ud83d', '\u0085'])(
  'the label %j is refused',
  async (label) => {
    const key = await createRawKey()
    expectBadInput(await call(world.url, key, operation(key, { label })), 'input.managementKey.label')
  },
)

test('a label has up to 255 characters of any script', async () => {
  await expectAccepted(await createRawKey(), { label: '鍵'.repeat(255) })
  await expectAccepted(await createRawKey(), { label: '🔑 Schlüssel' })
})

test.for([
  ['a private member', { d: 'AAAA' }],
  ['an unknown member', { color: 'red' }],
  ['another curve', { crv: 'X25519' }],
  ['a point of small order', { x: 'AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' }],
  ['padding', { x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=' }],
  ['another type', { kty: 'RSA' }],
] as const)('a signing key with %s is refused', async ([, change]) => {
  const key = await createRawKey()
  const answer = await call(world.url, key, operation(key, { signingKey: { ...key.signingKey, ...change } }))
  expectBadInput(answer, 'input.managementKey.signingKey')
})

test.for([
  ['for signing', { crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }],
  ['of small order', { x: 'AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' }],
  ['with a private member', { d: 'AAAA' }],
] as const)('a wrapping key %s is refused', async ([, change]) => {
  const key = await createRawKey()
  const wrappingKey = { ...key.wrappingKey, ...change }
  const answer = await call(world.url, key, operation(key, { wrappingKey }))
  expectBadInput(answer, 'input.managementKey.wrappingKey')
})

test.for(['text', 7, true, ['list']])('a signing key that is %j is refused', async (signingKey) => {
  const key = await createRawKey()
  expectBadInput(await call(world.url, key, operation(key, { signingKey })), 'input.managementKey.signingKey')
})

test('a required field that is missing is named by its path', async () => {
  const key = await createRawKey()
  const answer = await call(world.url, key, {
    query: openMutation,
    variables: { input: { name: newName() } },
  })
  expectBadInput(answer, 'input.managementKey')
  expectBadInput(await call(world.url, key, operation(key, { kind: 'HOUSE' })), 'input.managementKey.kind')
})
