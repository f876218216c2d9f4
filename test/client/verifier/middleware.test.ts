import { createServer, request as httpRequest, type Server } from 'node:http'
import { json } from 'node:stream/consumers'
import { Readable } from 'node:stream'
import { createSchema, createYoga } from 'graphql-yoga'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { fastifyPlugin } from '../../../client/verifier/middleware/fastify.ts'
import { protectHandler } from '../../../client/verifier/middleware/fetch.ts'
import { authenticated, callerOf, nodeMiddleware } from '../../../client/verifier/middleware/node.ts'
import { yogaPlugin } from '../../../client/verifier/middleware/yoga.ts'
import type { VerifierOptions } from '../../../client/verifier/create-verifier.ts'
import type { Signer } from '../../schema/wire/signatures/signers.ts'
import { fakeFastify, serveFetch, type Listener } from './runtimes.ts'
import {
  createBench,
  knownKey,
  owner,
  shop,
  signAppRequest,
  type AppRequest,
  type Bench,
} from '../../support/verifier.ts'

let bench: Bench
let signer: Signer
const servers: Server[] = []

beforeEach(async () => {
  await prepare()
})
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

async function prepare(options: Partial<VerifierOptions> = {}): Promise<void> {
  bench = createBench(options)
  signer = await knownKey(bench)
}

/** What each adapter answers to the handler's caller: owner, key and body. */
interface Said {
  readonly owner: string
  readonly thumbprint: string
  readonly body: unknown
}

/** A server for each adapter whose handler says who called, and what the body was. */
const adapters: Record<string, () => Listener> = {
  'node:http': () => {
    const middleware = nodeMiddleware(bench.verifier)
    return (request, response) =>
      void middleware(request, response, () => {
        const { claviger, body } = authenticated(request)
        response.end(JSON.stringify({ owner: claviger.owner, thumbprint: claviger.key.thumbprint, body }))
      })
  },
  'a Fetch handler': () => {
    const handler = protectHandler(bench.verifier, async (request, caller) =>
      Response.json({
        owner: caller.owner,
        thumbprint: caller.key.thumbprint,
        body: request.body === null ? undefined : await request.json(),
      }),
    )
    return (request, response) => void serveFetch(handler, { request, response })
  },
  'a Fastify hook': () => {
    const app = fakeFastify(async (request, body) => ({
      owner: request.claviger?.owner,
      thumbprint: request.claviger?.key.thumbprint,
      body,
    }))
    void fastifyPlugin(bench.verifier, { Readable })(app.instance)
    return app.listener
  },
}

describe.each(Object.entries(adapters))('%s', (name, adapter) => {
  test('hands a signed request to the handler, with its caller and its body', async () => {
    const url = await serve(adapter())
    const response = await send(url, await signAppRequest(signer))
    expect(response.status).toBe(200)
    const expected: Said = { owner, thumbprint: signer.keyid, body: { coffee: 1 } }
    expect(await response.json()).toEqual(expected)
  })

  test('hands over a request without a body', async () => {
    const url = await serve(adapter())
    const response = await send(url, await signAppRequest(signer, { method: 'GET', body: '' }))
    expect(await response.json()).toEqual({ owner, thumbprint: signer.keyid })
  })

  test('refuses an unsigned request with 401 and a code, and says nothing of owners', async () => {
    const url = await serve(adapter())
    const response = await fetch(`${url}/orders`, { method: 'POST', body: '{}' })
    expect(response.status).toBe(401)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'www-authenticate': 'Signature',
    })
    expect(await response.json()).toEqual({
      error: { code: 'SIGNATURE_REQUIRED', message: 'This request must be signed by a transaction key.' },
    })
  })

  test.each<[string, (request: AppRequest) => Partial<AppRequest>, string]>([
    ['another body', () => ({ body: new TextEncoder().encode('{"coffee":9}') }), 'SIGNATURE_INVALID'],
    ['another path', () => ({ target: '/refunds' }), 'SIGNATURE_INVALID'],
    ['another method', () => ({ method: 'PUT' }), 'SIGNATURE_INVALID'],
  ])('refuses %s', async (_what, attack, code) => {
    const url = await serve(adapter())
    const request = await signAppRequest(signer)
    expect(await codeOf(await send(url, { ...request, ...attack(request) }))).toBe(code)
    expect((await send(url, request)).status).toBe(200)
    expect(await codeOf(await send(url, request))).toBe('SIGNATURE_REPLAYED')
  })

  test('never believes a header about where it was sent', async () => {
    const url = await serve(adapter())
    const elsewhere = await signAppRequest(signer, { origin: 'https://bank.example' })
    for (const forwarded of [
      { 'x-forwarded-host': 'bank.example', 'x-forwarded-proto': 'https' },
      { forwarded: 'host=bank.example;proto=https' },
      { 'x-original-url': '/orders?id=1', 'x-rewrite-url': '/orders?id=1' },
    ]) {
      const headers = { ...elsewhere.headers, ...forwarded }
      expect(await codeOf(await send(url, { ...elsewhere, headers }))).toBe('SIGNATURE_INVALID')
    }
    expect(await codeOf(await sendWithHost(url, { ...elsewhere, host: 'bank.example' }))).toBe(
      'SIGNATURE_INVALID',
    )
  })

  test('refuses a body that is too large, announced or not', async () => {
    await prepare({ bodyBytesMax: 1000 })
    const url = await serve(adapter())
    const request = await signAppRequest(signer, { body: 'x'.repeat(1001) })
    const announced = await send(url, request)
    expect([announced.status, await codeOf(announced)]).toEqual([413, 'TOO_LARGE'])
    const streamed = await fetch(`${url}${request.target}`, {
      method: 'POST',
      headers: request.headers,
      body: new Blob([request.body]).stream(),
      duplex: 'half',
    } as RequestInit)
    expect(await codeOf(streamed)).toBe('TOO_LARGE')
    expect((await send(url, await signAppRequest(signer, { body: `"${'x'.repeat(900)}"` }))).status).toBe(200)
  })

  test('refuses with 503 when the key can not be verified', async () => {
    const url = await serve(adapter())
    bench.keyServer.fault = () => Promise.reject(new TypeError('away'))
    const response = await send(url, await signAppRequest(signer))
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1'])
    expect(await codeOf(response)).toBe('UNAVAILABLE')
  })

  test('does not wait for ever for a body', async () => {
    await prepare({ bodyTimeoutMs: 50 })
    const url = await serve(adapter())
    const { headers, target } = await signAppRequest(signer)
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    const slow = httpRequest(`${url}${target}`, {
      method: 'POST',
      headers: { ...headers, 'content-length': '100' },
    })
    slow.on('response', (response) => {
      resolve(response.statusCode ?? 0)
    })
    slow.on('error', reject)
    slow.write('{')
    expect(await promise, name).toBe(408)
    slow.destroy()
  })
})

describe('node:http', () => {
  test('takes the bytes that a body parser kept', async () => {
    const middleware = nodeMiddleware(bench.verifier)
    const url = await serve(async (request, response) => {
      const body = await json(request)
      Object.assign(request, { body, rawBody: Buffer.from(JSON.stringify(body)) })
      await middleware(request, response, () => response.end(JSON.stringify(authenticated(request).body)))
    })
    const response = await send(url, await signAppRequest(signer))
    expect(await response.json()).toEqual({ coffee: 1 })
  })

  test('lets nobody in when a body parser kept nothing', async () => {
    const middleware = nodeMiddleware(bench.verifier)
    const url = await serve(async (request, response) => {
      await json(request)
      await middleware(request, response, () => response.end('in'))
    })
    const response = await send(url, await signAppRequest(signer))
    expect([response.status, await codeOf(response)]).toEqual([500, 'INTERNAL_SERVER_ERROR'])
  })

  test('checks what Express was sent, and not what its routers left of it', async () => {
    const middleware = nodeMiddleware(bench.verifier)
    const url = await serve((request, response) => {
      Object.assign(request, { originalUrl: request.url, url: '/left' })
      void middleware(request, response, () => response.end('in'))
    })
    expect(await (await send(url, await signAppRequest(signer))).text()).toBe('in')
  })

  test.each([
    ['application/json; charset=utf-8', '{"a":1}', { a: 1 }],
    ['application/problem+json', '[1]', [1]],
    ['application/json', '{', undefined],
    ['text/plain;charset=UTF-8', 'grüezi', 'grüezi'],
    ['application/octet-stream', 'x', Uint8Array.of(120)],
  ])('reads a body of type %s', async (contentType, body, expected) => {
    const middleware = nodeMiddleware(bench.verifier)
    let seen: unknown = 'nothing'
    const url = await serve((request, response) => {
      void middleware(request, response, () => {
        seen = authenticated(request).body
        response.end()
      })
    })
    expect((await send(url, await signAppRequest(signer, { body, contentType }))).status).toBe(200)
    expect(seen).toEqual(expected)
  })

  test('reads the body itself where the parser of Express 4 ran, and did not parse it', async () => {
    const middleware = nodeMiddleware(bench.verifier)
    let seen: unknown = 'nothing'
    const url = await serve(async (request, response) => {
      const bytes: Uint8Array[] = []
      for await (const chunk of request) if (chunk instanceof Uint8Array) bytes.push(chunk)
      Object.assign(request, { body: {}, rawBody: Buffer.concat(bytes) })
      await middleware(request, response, () => {
        seen = authenticated(request).body
        response.end()
      })
    })
    expect(
      (await send(url, await signAppRequest(signer, { body: 'hello', contentType: 'text/plain' }))).status,
    ).toBe(200)
    expect(seen).toBe('hello')
    expect((await send(url, await signAppRequest(signer, { method: 'GET', body: '' }))).status).toBe(200)
    expect(seen).toBeUndefined()
  })

  test('does not answer what the application has answered meanwhile, and does not reject', async () => {
    await prepare({ bodyTimeoutMs: 100 })
    const middleware = nodeMiddleware(bench.verifier)
    let checked: Promise<void> = Promise.reject(new Error('It was never called.'))
    checked.catch(() => undefined)
    const url = await serve((request, response) => {
      checked = middleware(request, response, () => response.end('in'))
      response.writeHead(503).end('The application has no time.')
    })
    const { headers, target } = await signAppRequest(signer)
    const slow = httpRequest(`${url}${target}`, {
      method: 'POST',
      headers: { ...headers, 'content-length': '100' },
    })
    slow.on('error', () => undefined)
    slow.write('{')
    await new Promise((resolve) => slow.on('response', resolve))
    await expect(checked).resolves.toBeUndefined()
    slow.destroy()
  })

  test('has parts only on requests that it let in', () => {
    expect(() => authenticated({})).toThrow(TypeError)
    expect(() => callerOf({ claviger: null })).toThrow(TypeError)
  })
})

test('a Fetch handler gets what the runtime gave besides', async () => {
  const handler = protectHandler(bench.verifier, (_request, caller, environment: { name: string }) =>
    Response.json([caller.owner, environment.name]),
  )
  const { target, method, headers, body } = await signAppRequest(signer)
  const request = new Request(`${shop}${target}`, { method, headers, body })
  expect(await (await handler(request, { name: 'production' })).json()).toEqual([owner, 'production'])
  expect((await handler(request, { name: 'production' })).status).toBe(500)
})

describe('a Fetch handler', () => {
  const handle = () => protectHandler(bench.verifier, () => new Response('in'))

  test('checks an empty query as it was signed', async () => {
    const { target, method, headers, body } = await signAppRequest(signer, { target: '/orders?' })
    const answer = await handle()(new Request(`${shop}${target}#top`, { method, headers, body }))
    expect(await answer.text()).toBe('in')
    const other = await signAppRequest(signer, { target: '/orders' })
    const changed = new Request(`${shop}/orders?`, { method, headers: other.headers, body: other.body })
    expect(await codeOf(await handle()(changed))).toBe('SIGNATURE_INVALID')
  })

  test('reads no further when a body is late, and answers when it breaks off', async () => {
    await prepare({ bodyTimeoutMs: 50 })
    const { target, headers } = await signAppRequest(signer)
    const cancelled = Promise.withResolvers<string>()
    const endless = new ReadableStream({
      start: (controller) => {
        controller.enqueue(new Uint8Array(1))
      },
      cancel: () => {
        cancelled.resolve('cancelled')
      },
    })
    const broken = new ReadableStream({
      start: (controller) => {
        controller.error(new Error('The connection was lost.'))
      },
    })
    for (const body of [endless, broken]) {
      const request = new Request(`${shop}${target}`, {
        method: 'POST',
        headers,
        body,
        duplex: 'half',
      } as RequestInit)
      const answer = await handle()(request)
      expect([answer.status, await codeOf(answer)]).toEqual([408, 'BODY_TIMEOUT'])
    }
    expect(await cancelled.promise).toBe('cancelled')
  })
})

describe('graphql-yoga', () => {
  const schema = createSchema<{ claviger: { owner: string } }>({
    typeDefs: 'type Query { me: String! } type Mutation { order(coffees: Int!): String! }',
    resolvers: {
      Query: { me: (_root, _args, { claviger }) => claviger.owner },
      Mutation: { order: (_root, { coffees }, { claviger }) => `${String(coffees)} for ${claviger.owner}` },
    },
  })
  const graphqlServer = () =>
    serve(createYoga({ schema, plugins: [yogaPlugin(bench.verifier)], graphiql: false, logging: false }))
  const query = (text: string) => ({ target: '/graphql', body: JSON.stringify({ query: text }) })

  test('resolvers know the caller of a POST', async () => {
    const url = await graphqlServer()
    const response = await send(url, await signAppRequest(signer, query('{ me }')))
    expect(await response.json()).toEqual({ data: { me: owner } })
    const mutation = await send(url, await signAppRequest(signer, query('mutation { order(coffees: 2) }')))
    expect(await mutation.json()).toEqual({ data: { order: `2 for ${owner}` } })
  })

  test('resolvers know the caller of a GET', async () => {
    const url = await graphqlServer()
    const target = '/graphql?query=%7B%20me%20%7D'
    const response = await send(url, await signAppRequest(signer, { method: 'GET', body: '', target }))
    expect(await response.json()).toEqual({ data: { me: owner } })
  })

  test('an unsigned, a changed and a repeated request are refused', async () => {
    const url = await graphqlServer()
    const unsigned = await fetch(`${url}/graphql?query=%7Bme%7D`)
    expect([unsigned.status, await codeOf(unsigned)]).toEqual([401, 'SIGNATURE_REQUIRED'])
    const request = await signAppRequest(signer, query('{ me }'))
    const changed = { ...request, body: new TextEncoder().encode('{"query":"{ me me }"}') }
    expect(await codeOf(await send(url, changed))).toBe('SIGNATURE_INVALID')
    expect((await send(url, request)).status).toBe(200)
    expect(await codeOf(await send(url, request))).toBe('SIGNATURE_REPLAYED')
  })

  test('a body that is too large is refused', async () => {
    await prepare({ bodyBytesMax: 100 })
    const url = await graphqlServer()
    const response = await send(url, await signAppRequest(signer, query(`{ me # ${'x'.repeat(200)}\n }`)))
    expect([response.status, await codeOf(response)]).toEqual([413, 'TOO_LARGE'])
  })
})

test('without the middleware everybody is let in: the tests see a difference', async () => {
  const url = await serve((_request, response) => response.end('in'))
  expect((await fetch(url)).status).toBe(200)
})

async function serve(listener: Listener): Promise<string> {
  const server = createServer((request, response) => void listener(request, response))
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
}

/** Sends a request that was signed for the shop to where the test serves it. */
function send(url: string, { method, target, headers, body }: AppRequest): Promise<Response> {
  const signal = AbortSignal.timeout(10_000)
  return fetch(`${url}${target}`, { method, headers, signal, ...(body.length > 0 && { body }) })
}

async function sendWithHost(url: string, request: AppRequest & { host: string }): Promise<Response> {
  const { promise, resolve, reject } = Promise.withResolvers<Response>()
  const { method, target, host } = request
  const sent = httpRequest(
    `${url}${target}`,
    { method, headers: { ...request.headers, host } },
    (response) => {
      void new Response(Readable.toWeb(response) as ReadableStream).text().then((text) => {
        resolve(new Response(text, { status: response.statusCode ?? 0 }))
      }, reject)
    },
  )
  sent.on('error', reject)
  sent.end(request.body)
  return promise
}

async function codeOf(response: Response): Promise<unknown> {
  const answer: { error?: { code?: unknown } } = JSON.parse(await response.text())
  return answer.error?.code
}
