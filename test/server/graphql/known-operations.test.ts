import { randomUUID } from 'node:crypto'
import { parse } from 'graphql'
import { beforeAll, expect, test } from 'vitest'
import { schema } from '../../../schema/graphql/index.ts'
import { planExecution } from '../../../server/graphql/execution-plan.ts'
import { useWorld, type Operation } from '../../support/operations.ts'
import {
  openAccount,
  signRequest,
  type storeInput,
  storeKey,
  type RawAccount,
} from '../../support/raw-client.ts'

/* A frequent operation is answered like one that is sent for the first time: status, headers and body. */

const world = useWorld()
const unknownJwk = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }
const unknownKey = { owner: 'nobody', applicationServer: 'https://shop.example', publicKey: unknownJwk }
const verify = `query ($input: VerifyPublicKeyInput!) {
  verifyPublicKey(input: $input) { coincides valid state notBefore expiresAt certificate revocation endorsements } }`
const verifyMany = `query Many($inputs: [VerifyPublicKeyInput!]!) { verifyPublicKeys(inputs: $inputs) { valid a: state } }`
const acquire = 'query ($id: ID!) { wrappedKey(transactionKeyId: $id) { jwe managementKey { id label } } }'
let account: RawAccount
let known: Awaited<ReturnType<typeof storeKey>>
let revoked: Awaited<ReturnType<typeof storeKey>>

beforeAll(async () => {
  account = await openAccount(world.url)
  known = await storeKey(world.url, account.key)
  revoked = await storeKey(world.url, account.key)
  const revoke = `mutation { revokeTransactionKey(id: "${revoked.id}", reason: UNSPECIFIED) { id } }`
  expect((await ask({ query: revoke }, { isSigned: true })).body).toContain(revoked.id)
})

interface Asked {
  readonly isSigned?: boolean
  readonly accept?: string
}

const unsigned: readonly (readonly [string, () => Operation, Asked?])[] = [
  ['a stored key', () => ({ query: verify, variables: { input: inputOf(known) } })],
  ['a revoked key', () => ({ query: verify, variables: { input: inputOf(revoked) } })],
  ['a key that nobody stored', () => ({ query: verify, variables: { input: unknownKey } })],
  ['a batch', () => ({ query: verifyMany, variables: { inputs: [inputOf(known), unknownKey] } })],
  [
    'a batch beyond the limit',
    () => ({ query: verifyMany, variables: { inputs: Array(101).fill(unknownKey) } }),
  ],
  ['an empty batch', () => ({ query: verifyMany, variables: { inputs: [] } })],
  ['a malformed key', () => ({ query: verify, variables: { input: { ...unknownKey, publicKey: {} } } })],
  ['a variable of another type', () => ({ query: verify, variables: { input: { owner: 1 } } })],
  ['a missing variable', () => ({ query: verify })],
  ['a signed operation without a signature', () => ({ query: acquire, variables: { id: known.id } })],
  [
    'literals',
    () => ({
      query: `{ verifyPublicKey(input: { owner: "nobody", applicationServer: "x", publicKey: { kty: "OKP", crv: "Ed25519", x: "${unknownJwk.x}" } }) { valid } }`,
    }),
  ],
  ['an invalid document', () => ({ query: '{ nothing }' })],
  ['a document that is none', () => ({ query: '{ nothing' })],
  ['introspection', () => ({ query: '{ __schema { queryType { name } } }' })],
  ['a fragment', () => ({ query: '{ ...f } fragment f on Query { keyServer { version } }' })],
  ['facts', () => ({ query: '{ keyServer { version } }' })],
]
const signed: readonly (readonly [string, () => Operation])[] = [
  ['an acquisition', () => ({ query: acquire, variables: { id: known.id } })],
  ['an acquisition of a revoked key', () => ({ query: acquire, variables: { id: revoked.id } })],
  ['an acquisition of an unknown key', () => ({ query: acquire, variables: { id: randomUUID() } })],
  ['an acquisition of what is no id', () => ({ query: acquire, variables: { id: 'none' } })],
  ['the account', () => ({ query: '{ account { name managementKeys { id label } } }' })],
  [
    'a page',
    () => ({
      query: '{ account { transactionKeys(first: 1) { edges { node { id state wrappedFor { id } } } } } }',
    }),
  ],
  [
    'a mutation',
    () => ({
      query:
        'mutation ($id: ID!) { revokeTransactionKey(id: $id, reason: UNSPECIFIED) { id revocationReason } }',
      variables: { id: revoked.id },
    }),
  ],
  [
    'a conflict',
    () => ({
      query: 'mutation ($input: StoreTransactionKeyInput!) { storeTransactionKey(input: $input) { id } }',
      variables: { input: { ...known, label: 'other' } },
    }),
  ],
]

test.for([verify, verifyMany, acquire, '{ keyServer { version } }'])('%s is planned (control)', (query) => {
  expect(planExecution(schema, parse(query))).not.toBeNull()
})

test.for(unsigned)('%s', async ([, operation]) => {
  await expectOneAnswer(() => ask(operation(), {}))
})

test.for(signed)('%s, signed', async ([, operation]) => {
  await expectOneAnswer(() => ask(operation(), { isSigned: true }))
})

test.for([
  undefined,
  '*/*',
  'application/json',
  'application/json; charset=utf-8',
  'application/graphql-response+json',
  'application/graphql-response+json, application/json',
  'application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed',
  'text/event-stream',
  'multipart/mixed',
  'text/html',
])('Accept: %s', async (accept) => {
  for (const query of ['{ keyServer { version } }', 'mutation { closePairing(id: "none") }']) {
    await expectOneAnswer(() => ask({ query }, accept === undefined ? {} : { accept }))
  }
})

test.for([
  { operationName: 'Many' },
  { operationName: 'Other' },
  { operationName: null, extensions: null, other: null },
  { other: 1 },
  { extensions: {} },
  { extensions: 1 },
  { variables: [] },
  { query: 7 },
])('with %j in the body', async (members) => {
  await expectOneAnswer(() =>
    ask({ query: verifyMany, variables: { inputs: [] }, ...members } as Operation, {}),
  )
})

test('a replay is refused, and a revoked management key', async () => {
  const operation = { query: acquire, variables: { id: known.id } }
  const request = await signRequest(world.url, account.key, operation)
  expect((await post(request.body, request.headers)).status).toBe(200)
  expect(await post(request.body, request.headers)).toMatchObject({ status: 401 })
})

async function expectOneAnswer(answer: () => ReturnType<typeof ask>): Promise<void> {
  const first = await answer()
  // More often than it takes to be planned.
  for (let time = 0; time < 7; time++) expect(await answer()).toEqual(first)
}

function inputOf({ applicationServer, publicKey }: Awaited<ReturnType<typeof storeInput>>) {
  return { owner: account.name, applicationServer, publicKey }
}

async function ask(operation: Operation, { isSigned = false, accept }: Asked) {
  const headers = accept === undefined ? {} : { accept }
  if (!isSigned) return post(JSON.stringify(operation), { 'content-type': 'application/json', ...headers })
  const request = await signRequest(world.url, account.key, operation)
  return post(request.body, { ...request.headers, ...headers })
}

async function post(body: string, headers: Record<string, string>) {
  const response = await fetch(`${world.url}/graphql`, {
    method: 'POST',
    body,
    headers,
    signal: AbortSignal.timeout(15_000),
  })
  const { date, 'x-request-id': id, ...others } = Object.fromEntries(response.headers)
  expect([date, id]).not.toContain(undefined)
  return { status: response.status, headers: others, body: await response.text() }
}
