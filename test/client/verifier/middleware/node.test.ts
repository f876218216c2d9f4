import { request as httpRequest } from 'node:http'
import { json } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { authenticated, callerOf, nodeMiddleware } from '../../../../client/verifier/middleware/node.ts'
import { signAppRequest } from '../../../support/verifier.ts'
import { codeOf, send, useMiddlewareContext } from './context.ts'

const context = await useMiddlewareContext()

describe('node:http', () => {
  test('takes the bytes that a body parser kept', async () => {
    const middleware = nodeMiddleware(context.bench.verifier)
    const url = await context.serve(async (request, response) => {
      const body = await json(request)
      Object.assign(request, { body, rawBody: Buffer.from(JSON.stringify(body)) })
      await middleware(request, response, () => response.end(JSON.stringify(authenticated(request).body)))
    })
    const response = await send(url, await signAppRequest(context.signer))
    expect(await response.json()).toEqual({ coffee: 1 })
  })

  test('refuses every request when a body parser kept nothing', async () => {
    const middleware = nodeMiddleware(context.bench.verifier)
    const url = await context.serve(async (request, response) => {
      await json(request)
      await middleware(request, response, () => response.end('in'))
    })
    const response = await send(url, await signAppRequest(context.signer))
    expect([response.status, await codeOf(response)]).toEqual([500, 'INTERNAL_SERVER_ERROR'])
  })

  test('checks the URL that Express received, not what its routers left of it', async () => {
    const middleware = nodeMiddleware(context.bench.verifier)
    const url = await context.serve((request, response) => {
      Object.assign(request, { originalUrl: request.url, url: '/left' })
      void middleware(request, response, () => response.end('in'))
    })
    expect(await (await send(url, await signAppRequest(context.signer))).text()).toBe('in')
  })

  test.each([
    ['application/json; charset=utf-8', '{"a":1}', { a: 1 }],
    ['application/problem+json', '[1]', [1]],
    ['application/json', '{', undefined],
    ['text/plain;charset=UTF-8', 'grüezi', 'grüezi'],
    ['application/octet-stream', 'x', Uint8Array.of(120)],
  ])('reads a body of type %s', async (contentType, body, expected) => {
    const middleware = nodeMiddleware(context.bench.verifier)
    let seen: unknown = 'nothing'
    const url = await context.serve((request, response) => {
      void middleware(request, response, () => {
        seen = authenticated(request).body
        response.end()
      })
    })
    expect((await send(url, await signAppRequest(context.signer, { body, contentType }))).status).toBe(200)
    expect(seen).toEqual(expected)
  })

  test('reads the body itself where the parser of Express 4 ran, and did not parse it', async () => {
    const middleware = nodeMiddleware(context.bench.verifier)
    let seen: unknown = 'nothing'
    const url = await context.serve(async (request, response) => {
      const bytes: Uint8Array[] = []
      for await (const chunk of request) if (chunk instanceof Uint8Array) bytes.push(chunk)
      Object.assign(request, { body: {}, rawBody: Buffer.concat(bytes) })
      await middleware(request, response, () => {
        seen = authenticated(request).body
        response.end()
      })
    })
    expect(
      (await send(url, await signAppRequest(context.signer, { body: 'hello', contentType: 'text/plain' })))
        .status,
    ).toBe(200)
    expect(seen).toBe('hello')
    expect((await send(url, await signAppRequest(context.signer, { method: 'GET', body: '' }))).status).toBe(
      200,
    )
    expect(seen).toBeUndefined()
  })

  test('does not respond after the application has, and does not reject', async () => {
    await context.prepare({ bodyTimeoutMs: 100 })
    const middleware = nodeMiddleware(context.bench.verifier)
    let checked: Promise<void> = Promise.reject(new Error('It was never called.'))
    checked.catch(() => undefined)
    const url = await context.serve((request, response) => {
      checked = middleware(request, response, () => response.end('in'))
      response.writeHead(503).end('The application has no time.')
    })
    const { headers, target } = await signAppRequest(context.signer)
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

  test('has parts only on requests that it accepted', () => {
    expect(() => authenticated({})).toThrow(TypeError)
    expect(() => callerOf({ claviger: null })).toThrow(TypeError)
  })
})
