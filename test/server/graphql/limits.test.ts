import { request as httpRequest } from 'node:http'
import { expect, test } from 'vitest'
import { call, createRawKey, openAccount, signRequest, type RawKey } from '../../support/raw-client.ts'
import { expectUnauthenticated, succeed, useWorld } from '../../support/operations.ts'

const world = useWorld()
const json = { 'content-type': 'application/json' }

interface Posted {
  readonly status: number
  readonly code: unknown
  readonly errors: readonly unknown[]
}

/** Posts a body as it is; without a content-length when it is sent in chunks. */
async function post(
  body: string | Buffer,
  { headers = json, isChunked = false }: { headers?: Record<string, string>; isChunked?: boolean } = {},
): Promise<Posted> {
  const { promise, resolve, reject } = Promise.withResolvers<Posted>()
  const request = httpRequest(
    `${world.url}/graphql`,
    { method: 'POST', headers, timeout: 10_000 },
    (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.on('end', () => {
        const { errors = [] } = text.startsWith('{') ? JSON.parse(text) : {}
        resolve({ status: response.statusCode ?? 0, code: errors[0]?.extensions?.code, errors })
      })
    },
  )
  request.on('error', reject)
  if (!isChunked) request.setHeader('content-length', Buffer.byteLength(body))
  request.end(body)
  return promise
}

/** A request of exactly so many bytes. */
function bodyOf(bytes: number, query = '{ __typename }'): string {
  const frame = JSON.stringify({ query, variables: { filler: '' } })
  return frame.replace('"filler":""', `"filler":"${'x'.repeat(bytes - frame.length)}"`)
}

function query(document: string, key: RawKey | null = null) {
  return call(world.url, key, { query: document })
}

test.for([false, true])('an unsigned body has at most 64 KiB (chunked: %s)', async (isChunked) => {
  expect(await post(bodyOf(65_536), { isChunked })).toEqual({ status: 200, code: undefined, errors: [] })
  expect(await post(bodyOf(65_537), { isChunked })).toMatchObject({ status: 413, code: 'TOO_LARGE' })
  expect(await post(bodyOf(1_000_000), { isChunked })).toMatchObject({ status: 413, code: 'TOO_LARGE' })
})

test.for([false, true])('a signed body has at most 512 KiB (chunked: %s)', async (isChunked) => {
  const { key } = await openAccount(world.url)
  const signed = async (bytes: number) => {
    const frame = JSON.stringify({ query: '{ account { id } }', variables: { filler: '' } })
    const variables = { filler: 'x'.repeat(bytes - frame.length) }
    const { headers, body } = await signRequest(world.url, key, { query: '{ account { id } }', variables })
    expect(body).toHaveLength(bytes)
    return post(body, { headers, isChunked })
  }
  expect(await signed(524_288)).toEqual({ status: 200, code: undefined, errors: [] })
  expect(await signed(524_289)).toMatchObject({ status: 413, code: 'TOO_LARGE' })
})

test('a false signature buys no larger body', async () => {
  const key = await createRawKey()
  const variables = { filler: 'x'.repeat(70_000) }
  expectUnauthenticated(
    await call(world.url, key, { query: '{ __typename }', variables }),
    'SIGNATURE_INVALID',
  )
  const headers = { ...json, signature: 'sig=:AAAA:', 'signature-input': 'sig=()' }
  expect(await post(bodyOf(70_000), { headers })).toMatchObject({ status: 401, code: 'UNAUTHENTICATED' })
})

test('a body that announces more than the limit is refused before it is sent', async () => {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>()
  const headers = { ...json, 'content-length': '10000000' }
  const request = httpRequest(
    `${world.url}/graphql`,
    { method: 'POST', headers, timeout: 5_000 },
    (response) => {
      resolve(response.statusCode)
      request.destroy()
    },
  )
  request.on('error', reject)
  request.flushHeaders()
  expect(await promise).toBe(413)
})

test('a document has at most 1,000 tokens', async () => {
  // 22 tokens and a list; a list is no public key.
  const tokens = (count: number) =>
    query(
      `{ verifyPublicKey(input: {owner: "a", applicationServer: "b", publicKey: [${'1 '.repeat(count - 22)}]}) { valid } }`,
    )
  expect(await tokens(1_000)).toMatchObject({ code: 'BAD_USER_INPUT' })
  expect(await tokens(1_001)).toMatchObject({ code: 'GRAPHQL_PARSE_FAILED' })
})

const deep = (levels: number, inner: string) => `{ account { alerts { edges { node { ... on KeyRevokedAlert {
  transactionKey { wrappedFor { ${inner} } } } } } } } }${' '.repeat(levels)}`

test('fields stand at most 8 deep in each other, and fragments hide none of them', async () => {
  const { key } = await openAccount(world.url)
  expect((await query(deep(8, 'id'), key)).errors).toEqual([])
  const eight = `{ a: __typename account { alerts { edges { node { ...A } } } } }
    fragment A on KeyRevokedAlert { transactionKey { wrappedFor { id } } }`
  expect((await query(eight, key)).errors).toEqual([])
  // No type of the schema is so deep, so a wrong field stands for the ninth.
  const nine = eight.replace('{ id }', '{ id { id { id } } }')
  for (const document of [deep(9, 'id { id { id } }'), nine]) {
    const messages = (await query(document, key)).errors.map(({ message }) => message)
    expect(messages.join()).toContain('depth')
  }
})

test('a document has at most 15 aliases, and fragments hide none of them', async () => {
  const aliases = (count: number) => Array.from({ length: count }, (_, n) => `a${n}: version`).join(' ')
  expect((await query(`{ keyServer { ${aliases(15)} } }`)).errors).toEqual([])
  expect(await query(`{ keyServer { ${aliases(16)} } }`)).toMatchObject({ code: 'GRAPHQL_VALIDATION_FAILED' })
  const hidden = `{ keyServer { ...A ... on KeyServer { ${aliases(8)} } } }
    fragment A on KeyServer { ${aliases(16).slice(aliases(8).length)} }`
  expect(await query(hidden)).toMatchObject({ code: 'GRAPHQL_VALIDATION_FAILED' })
})

test('a request has at most 10 root fields, and fragments hide none of them', async () => {
  const fields = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, n) => `a${from + n}: __typename`).join(' ')
  expect((await query(`{ ${fields(0, 10)} }`)).errors).toEqual([])
  for (const document of [
    `{ ${fields(0, 11)} }`,
    `{ ${fields(0, 6)} ...A } fragment A on Query { ${fields(6, 11)} }`,
    `{ ${fields(0, 6)} ... { ${fields(6, 8)} ...A } } fragment A on Query { ...B } fragment B on Query { ${fields(8, 11)} }`,
    `{ ${fields(0, 6)} ... on Query @include(if: true) { ${fields(6, 11)} } }`,
    `query A { __typename } query B { ${fields(0, 11)} }`,
  ]) {
    expect(await query(document)).toMatchObject({ code: 'GRAPHQL_VALIDATION_FAILED' })
  }
})

test('a request has at most one acquiring field, and fragments, aliases and directives hide none of them', async () => {
  const { key } = await openAccount(world.url)
  const id = '"00000000-0000-4000-8000-000000000000"'
  const one = `wrappedKey(transactionKeyId: ${id}) { jwe }`
  const several = `wrappedKeys(transactionKeyIds: [${id}]) { jwe }`
  expect((await query(`{ ${one} }`, key)).code).toBe('NOT_FOUND')
  for (const document of [
    `{ ${one} ${several} }`,
    `{ ${one} a: ${one} }`,
    `{ ${one} ...A } fragment A on Query { ${several} }`,
    `{ ${one} ... { ${several} } }`,
    `{ ${one} ... on Query { ...A } } fragment A on Query { ...B } fragment B on Query { x: ${one} }`,
    `{ ${one} ${several.replace(' {', ' @include(if: true) {')} }`,
  ]) {
    expect(await query(document, key), document).toMatchObject({ code: 'GRAPHQL_VALIDATION_FAILED' })
  }
})

test('fragments that contain themselves are refused', async () => {
  const documents = [
    '{ ...A } fragment A on Query { ...A }',
    '{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }',
  ]
  for (const document of documents)
    expect(await query(document)).toMatchObject({ code: 'GRAPHQL_VALIDATION_FAILED' })
})

test('fragments that double with each level cost no more than their text', async () => {
  const levels = Array.from({ length: 40 }, (_, n) => `fragment F${n} on Query { ...F${n + 1} ...F${n + 1} }`)
  const began = Date.now()
  const answer = await query(`{ ...F0 } ${levels.join(' ')} fragment F40 on Query { __typename }`)
  expect(answer.status).toBeLessThan(500)
  expect(Date.now() - began).toBeLessThan(2_000)
})

test('JSON that is nested without end is answered', async () => {
  const nested = '['.repeat(30_000) + ']'.repeat(30_000)
  expect((await post(nested)).status).toBe(400)
  expect((await post(`{"query":"{ __typename }","variables":{"a":${nested}}}`)).status).toBe(200)
  const verify =
    'query ($k: JWK!) { verifyPublicKey(input: {owner: "a", applicationServer: "b", publicKey: $k}) { valid } }'
  expect(
    await post(`{"query":"${verify.replaceAll('"', '\\"')}","variables":{"k":${nested}}}`),
  ).toMatchObject({
    code: 'BAD_USER_INPUT',
  })
  expect((await query('{ keyServer { version } }')).errors).toEqual([])
})

test.for([
  '',
  'null',
  '5',
  '"text"',
  'true',
  '{',
  '{"query":',
  '[]',
  '[{"query":"{ __typename }"}]',
  '\u{feff}x',
])('the body %j is refused', async (body) => {
  expect(await post(body)).toMatchObject({ status: 400, code: 'BAD_USER_INPUT' })
})

test('a body that is no UTF-8 is refused', async () => {
  expect(await post(Buffer.from([0x7b, 0xff, 0x7d]))).toMatchObject({ status: 400, code: 'BAD_USER_INPUT' })
})

test.for([{}, { query: null }, { query: 5 }, { query: '' }, { query: '{ __typename }', further: 1 }])(
  'the request %j is refused',
  async (body) => {
    const headers = { ...json, accept: 'application/graphql-response+json' }
    const { status, code } = await post(JSON.stringify(body), { headers })
    expect(status).toBe(400)
    expect(code).toMatch(/^GRAPHQL_(PARSE|VALIDATION)_FAILED$/)
  },
)

test.for(['GET', 'PUT', 'DELETE', 'PATCH', 'HEAD'])('a %s is no way to ask', async (method) => {
  const response = await fetch(`${world.url}/graphql?query={__typename}`, { method })
  expect(response.status).toBe(405)
  expect(response.headers.get('allow')).toContain('POST')
})

test.for([
  'text/plain',
  'application/graphql',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/jsonp',
  'application/json, text/plain',
  '',
])('the content type %j is refused', async (type) => {
  const { status } = await post('{"query":"{ __typename }"}', { headers: { 'content-type': type } })
  expect(status).toBeGreaterThanOrEqual(400)
  expect(status).toBeLessThan(500)
})

test.for(['gzip', 'br', 'deflate', 'identity', 'x'])(
  'a body in the encoding %s is refused',
  async (encoding) => {
    const headers = { ...json, 'content-encoding': encoding }
    expect((await post('{"query":"{ __typename }"}', { headers })).status).toBe(400)
  },
)

test('fields, arguments and types that the schema has not are refused', async () => {
  for (const document of [
    '{ users { id } }',
    '{ keyServer { secrets } }',
    '{ keyServer(all: true) { version } }',
    'query ($a: Secret) { __typename }',
    'subscription { everything }',
  ]) {
    expect(await query(document)).toMatchObject({ code: 'GRAPHQL_VALIDATION_FAILED' })
  }
})

test('no field but the acquiring ones returns a wrapped key', async () => {
  const data = await succeed(world.url, null, {
    query: '{ __schema { types { name fields { name type { name ofType { name ofType { name } } } } } } }',
  })
  const fields = JSON.stringify(data).match(/"name":"\w+","type":\{[^}]*"JWE"/g)
  expect(fields).toEqual(['"name":"jwe","type":{"name":null,"ofType":{"name":"JWE"'])
})
