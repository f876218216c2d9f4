import { expect, test } from 'vitest'
import { openAccount, signRequest, storeInput, storeMutation } from '../../support/raw-client.ts'
import { useWorld } from '../../support/operations.ts'

const world = useWorld()

/** Stands for a secret that was sent by mistake: to the wrong place, or in the wrong form. */
const marker = 'Planted7Secret'

/** Everything that the server says about a request: status, headers, body and what it logs. */
async function everythingSaid(
  body: string,
  {
    headers = {},
    path = '/graphql',
    method = 'POST',
  }: { headers?: HeadersInit; path?: string; method?: string } = {},
): Promise<string> {
  const logged = world.server.logLines.length
  const response = await fetch(`${world.url}${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...Object.fromEntries(new Headers(headers)) },
    ...(method === 'POST' && { body }),
    signal: AbortSignal.timeout(10_000),
  })
  const text = await response.text()
  const lines = world.server.logLines.slice(logged)
  return [response.status, JSON.stringify([...response.headers]), text, ...lines].join('\n')
}

test('a name that the client chose for its own answer is found by this search', async () => {
  const said = await everythingSaid(JSON.stringify({ query: `{ ${marker}: __typename }` }))
  expect(said).toContain(marker)
})

const documents = [
  `{ "${marker}" }`,
  `{ transactionKey(id: "${marker} }`,
  `{ transactionKey(id: """${marker} }`,
  `{ transactionKey(id: "\\${marker}") { id } }`,
  `{ transactionKey(id: "\\u${marker}") { id } }`,
  `{ transactionKey(id: 12${marker}) { id } }`,
  `{ transactionKey(id: ${marker}) { id } }`,
  `{ transactionKey(id: {a: "${marker}"}) { id } }`,
  `{ transactionKey(id: ["${marker}"]) { id } }`,
  `{ transactionKey(id: "${marker}") }`,
  `{ transactionKey(id: "${marker}", also: "${marker}") { id } }`,
  `{ a: transactionKey(id: "${marker}") { id } a: transactionKey(id: "other") { id } }`,
  `{ wrappedKey(transactionKeyId: "${marker}", purpose: ${marker}) { jwe } }`,
  `{ wrappedKey(transactionKeyId: "${marker}", purpose: "${marker}") { jwe } }`,
  `{ wrappedKeys(transactionKeyIds: {a: "${marker}"}) { jwe } }`,
  `{ account { transactionKeys(first: "${marker}") { totalCount } } }`,
  `{ account { managementKeys(includeRevoked: "${marker}") { id } } }`,
  `{ account @include(if: "${marker}") { id } }`,
  `query ($a: Boolean = ${marker}) { __typename @skip(if: $a) }`,
  `query ($a: Int = "${marker}") { account { transactionKeys(first: $a) { totalCount } } }`,
  `{ verifyPublicKey(input: "${marker}") { valid } }`,
  `{ verifyPublicKey(input: {owner: "${marker}"}) { valid } }`,
  `{ verifyPublicKey(input: {owner: ${marker}, applicationServer: "a", publicKey: {}}) { valid } }`,
  `{ verifyPublicKey(input: {owner: "a", applicationServer: "b", publicKey: "${marker}"}) { valid } }`,
  `{ verifyPublicKey(input: {owner: "a", applicationServer: "b", publicKey: {kty: "${marker}"}}) { valid } }`,
  `{ verifyPublicKey(input: {owner: "a", applicationServer: "b", publicKey: {${marker}: 1, kty: "OKP"}}) { valid } }`,
  `{ verifyPublicKeys(inputs: ["${marker}"]) { valid } }`,
  `# ${marker}\n{ keyServer { nothing } }`,
  marker,
  `"${marker}"`,
  `{ keyServer { time } } "${marker}"`,
]

test.for(documents)('an answer repeats no literal of %s', async (query) => {
  expect(await everythingSaid(JSON.stringify({ query }))).not.toContain(marker)
})

const verifyQuery = 'query ($input: VerifyPublicKeyInput!) { verifyPublicKey(input: $input) { valid } }'
const verifyInput = { owner: 'owner', applicationServer: 'https://shop.example', publicKey: { kty: 'OKP' } }

test.for([
  marker,
  `"${marker}"`,
  `["${marker}"]`,
  `{"${marker}`,
  `{"query": "${marker}`,
  JSON.stringify({ [marker]: marker }),
  JSON.stringify({ query: { [marker]: marker } }),
  JSON.stringify({ query: [marker] }),
  JSON.stringify({ query: '{ __typename }', operationName: marker }),
  JSON.stringify({ query: '{ __typename }', operationName: { [marker]: marker } }),
  JSON.stringify({ query: '{ __typename }', variables: marker }),
  JSON.stringify({ query: '{ __typename }', variables: [marker] }),
  JSON.stringify({ query: '{ __typename }', extensions: marker }),
  JSON.stringify({ query: '{ __typename }', extensions: { persistedQuery: { sha256Hash: marker } } }),
  JSON.stringify({ query: verifyQuery, variables: { input: marker } }),
  JSON.stringify({ query: verifyQuery, variables: { input: [marker] } }),
  JSON.stringify({ query: verifyQuery, variables: { input: { ...verifyInput, [marker]: marker } } }),
  JSON.stringify({
    query: verifyQuery,
    variables: { input: { ...verifyInput, owner: { [marker]: marker } } },
  }),
  JSON.stringify({ query: verifyQuery, variables: { input: { ...verifyInput, owner: [marker] } } }),
  JSON.stringify({ query: verifyQuery, variables: { input: { ...verifyInput, publicKey: marker } } }),
  JSON.stringify({ query: verifyQuery, variables: { [marker]: marker } }),
  JSON.stringify({
    query: 'query ($n: Int!) { verifyPublicKeys(inputs: $n) { valid } }',
    variables: { n: marker },
  }),
])('an answer repeats nothing of the body %s', async (body) => {
  expect(await everythingSaid(body)).not.toContain(marker)
})

test.for([
  { 'content-type': marker },
  { 'content-type': `application/json; charset=${marker}` },
  { 'content-encoding': marker },
  { origin: `https://${marker}.example` },
  { accept: marker },
  { signature: marker },
  { signature: `sig=:${marker}:` },
  { 'signature-input': marker },
  { 'signature-input': `sig=("@method");nonce="${marker}"`, signature: `sig=:${marker}:` },
  { 'content-digest': marker, 'signature-input': marker, signature: marker },
  // An id is repeated when it is short and plain (test/server/observation/request-log.test.ts).
  { 'x-forwarded-host': marker, 'x-request-id': `${marker} ${marker}`, traceparent: marker },
])('an answer repeats nothing of the headers %j', async (headers) => {
  const said = await everythingSaid(JSON.stringify({ query: '{ account { id } }' }), { headers })
  expect(said.toLowerCase()).not.toContain(marker.toLowerCase())
})

test.for([`/${marker}`, `/graphql?query=${marker}`, `/graphql/${marker}`, `/graphql?${marker}`])(
  'an answer repeats nothing of the path %s',
  async (path) => {
    expect(await everythingSaid('{}', { path })).not.toContain(marker)
    expect(await everythingSaid('', { path, method: 'GET' })).not.toContain(marker)
  },
)

test('a refused input of a signed request is not repeated', async () => {
  const { key } = await openAccount(world.url)
  const copy = { managementKeyId: key.id, jwe: marker }
  const wrongs: Record<string, unknown>[] = [
    { id: marker },
    { applicationServer: `${marker}\0` },
    { label: `${marker}\n` },
    { label: { [marker]: marker } },
    { publicKey: { kty: 'OKP', crv: 'Ed25519', x: marker } },
    { publicKey: { kty: 'OKP', crv: marker, x: marker } },
    { publicKey: { kty: 'oct', k: marker } },
    { publicKey: { kty: 'OKP', crv: 'Ed25519', x: marker, d: marker } },
    {
      publicKey: {
        kty: 'OKP',
        crv: 'Ed25519',
        x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
        [marker]: 1,
      },
    },
    { publicKey: marker },
    { wrappedKeys: [copy] },
    { wrappedKeys: [{ ...copy, [marker]: marker }] },
    { wrappedKeys: [{ ...copy, managementKeyId: marker }] },
    { wrappedKeys: marker },
    { notBefore: marker },
    { expiresAt: marker },
    { expiresAt: { [marker]: marker } },
    { expiryNotices: [marker] },
    { maxUses: marker },
    { overusePolicy: marker },
    { [marker]: marker },
  ]
  for (const wrong of wrongs) {
    const variables = { input: await storeInput(key, wrong) }
    const request = await signRequest(world.url, key, { query: storeMutation, variables })
    const said = await everythingSaid(request.body, { headers: request.headers })
    expect(said).toMatch(/BAD_USER_INPUT/)
    expect(said, Object.keys(wrong).join()).not.toContain(marker)
  }
})

test('a refused argument of a signed request is not repeated', async () => {
  const { key } = await openAccount(world.url)
  const queries = [
    `{ transactionKey(id: "${marker}") { id } }`,
    `{ wrappedKey(transactionKeyId: "${marker}") { jwe } }`,
    `{ wrappedKey(transactionKeyId: "${marker}", acquisitionId: "${marker}") { jwe } }`,
    `{ account { transactionKeys(after: "${marker}") { totalCount } } }`,
    `{ account { alerts(after: "${marker}") { unacknowledgedCount } } }`,
    `{ account { alerts(last: 1, before: "${marker}") { unacknowledgedCount } } }`,
    `mutation { acknowledgeAlerts(upTo: "${marker}") }`,
    `mutation { revokeTransactionKey(id: "${marker}", reason: ${marker}) { id } }`,
    `mutation { destroyTransactionKey(id: "${marker}") { id } }`,
    `mutation { updateTransactionKey(input: {id: "${marker}", expiresAt: "${marker}"}) { id } }`,
  ]
  for (const query of queries) {
    const request = await signRequest(world.url, key, { query })
    expect(await everythingSaid(request.body, { headers: request.headers }), query).not.toContain(marker)
  }
})

test('a fault of the database is answered and logged without what was sent', async () => {
  const { key } = await openAccount(world.url)
  await world.sql`ALTER TABLE transaction_keys ADD CONSTRAINT planted CHECK (label NOT LIKE 'Planted%')`
  const variables = { input: await storeInput(key, { label: marker }) }
  const request = await signRequest(world.url, key, { query: storeMutation, variables })
  const said = await everythingSaid(request.body, { headers: request.headers })
  expect(said).toContain('INTERNAL_SERVER_ERROR')
  expect(said).toContain('a request failed')
  expect(said).not.toContain(marker)
})
