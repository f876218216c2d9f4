import { request as httpRequest } from 'node:http'
import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { fastifyPlugin } from '../../../../client/verifier/middleware/fastify.ts'
import { protectHandler } from '../../../../client/verifier/middleware/fetch.ts'
import { authenticated, nodeMiddleware } from '../../../../client/verifier/middleware/node.ts'
import { owner, signAppRequest, type AppRequest } from '../../../support/verifier.ts'
import { codeOf, send, useMiddlewareContext } from './context.ts'
import { fakeFastify, serveFetch, type Listener } from './runtimes.ts'

const context = await useMiddlewareContext()

/** The response of each adapter's handler: owner, key and body. */
interface Handled {
  readonly owner: string
  readonly thumbprint: string
  readonly body: unknown
}

/** A server for each adapter, whose handler responds with the caller and the body. */
const adapters: Record<string, () => Listener> = {
  'node:http': () => {
    const middleware = nodeMiddleware(context.bench.verifier)
    return (request, response) =>
      void middleware(request, response, () => {
        const { claviger, body } = authenticated(request)
        response.end(JSON.stringify({ owner: claviger.owner, thumbprint: claviger.key.thumbprint, body }))
      })
  },
  'a Fetch handler': () => {
    const handler = protectHandler(context.bench.verifier, async (request, caller) =>
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
    void fastifyPlugin(context.bench.verifier, { Readable })(app.instance)
    return app.listener
  },
}

describe.each(Object.entries(adapters))('%s', (name, adapter) => {
  test('hands a signed request to the handler, with its caller and its body', async () => {
    const url = await context.serve(adapter())
    const response = await send(url, await signAppRequest(context.signer))
    expect(response.status).toBe(200)
    const expected: Handled = { owner, thumbprint: context.signer.keyid, body: { coffee: 1 } }
    expect(await response.json()).toEqual(expected)
  })

  test('hands over a request without a body', async () => {
    const url = await context.serve(adapter())
    const response = await send(url, await signAppRequest(context.signer, { method: 'GET', body: '' }))
    expect(await response.json()).toEqual({ owner, thumbprint: context.signer.keyid })
  })

  test('refuses an unsigned request with 401 and a code, without naming an owner', async () => {
    const url = await context.serve(adapter())
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
    const url = await context.serve(adapter())
    const request = await signAppRequest(context.signer)
    expect(await codeOf(await send(url, { ...request, ...attack(request) }))).toBe(code)
    expect((await send(url, request)).status).toBe(200)
    expect(await codeOf(await send(url, request))).toBe('SIGNATURE_REPLAYED')
  })

  test('ignores headers about its origin', async () => {
    const url = await context.serve(adapter())
    const elsewhere = await signAppRequest(context.signer, { origin: 'https://bank.example' })
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
    await context.prepare({ bodyBytesMax: 1000 })
    const url = await context.serve(adapter())
    const request = await signAppRequest(context.signer, { body: 'x'.repeat(1001) })
    const announced = await send(url, request)
    expect([announced.status, await codeOf(announced)]).toEqual([413, 'TOO_LARGE'])
    const streamed = await fetch(`${url}${request.target}`, {
      method: 'POST',
      headers: request.headers,
      body: new Blob([request.body]).stream(),
      duplex: 'half',
    } as RequestInit)
    expect(await codeOf(streamed)).toBe('TOO_LARGE')
    expect(
      (await send(url, await signAppRequest(context.signer, { body: `"${'x'.repeat(900)}"` }))).status,
    ).toBe(200)
  })

  test('refuses with 503 when the key cannot be verified', async () => {
    const url = await context.serve(adapter())
    context.bench.keyServer.fault = () => Promise.reject(new TypeError('away'))
    const response = await send(url, await signAppRequest(context.signer))
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1'])
    expect(await codeOf(response)).toBe('UNAVAILABLE')
  })

  test('does not wait forever for a body', async () => {
    await context.prepare({ bodyTimeoutMs: 50 })
    const url = await context.serve(adapter())
    const { headers, target } = await signAppRequest(context.signer)
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

test('without the middleware every request is accepted: the tests see a difference', async () => {
  const url = await context.serve((_request, response) => response.end('in'))
  expect((await fetch(url)).status).toBe(200)
})

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
