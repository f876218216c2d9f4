import { describe, expect, test } from 'vitest'
import { protectHandler } from '../../../../client/verifier/middleware/fetch.ts'
import { owner, shop, signAppRequest } from '../../../support/verifier.ts'
import { codeOf, useMiddlewareContext } from './context.ts'

const context = await useMiddlewareContext()

test('a Fetch handler gets the further arguments of the runtime', async () => {
  const handler = protectHandler(context.bench.verifier, (_request, caller, environment: { name: string }) =>
    Response.json([caller.owner, environment.name]),
  )
  const { target, method, headers, body } = await signAppRequest(context.signer)
  const request = new Request(`${shop}${target}`, { method, headers, body })
  expect(await (await handler(request, { name: 'production' })).json()).toEqual([owner, 'production'])
  expect((await handler(request, { name: 'production' })).status).toBe(500)
})

describe('a Fetch handler', () => {
  const handle = () => protectHandler(context.bench.verifier, () => new Response('in'))

  test('checks an empty query as it was signed', async () => {
    const { target, method, headers, body } = await signAppRequest(context.signer, { target: '/orders?' })
    const answer = await handle()(new Request(`${shop}${target}#top`, { method, headers, body }))
    expect(await answer.text()).toBe('in')
    const other = await signAppRequest(context.signer, { target: '/orders' })
    const changed = new Request(`${shop}/orders?`, { method, headers: other.headers, body: other.body })
    expect(await codeOf(await handle()(changed))).toBe('SIGNATURE_INVALID')
  })

  test('stops reading after the time-out of a body, and responds when the body breaks off', async () => {
    await context.prepare({ bodyTimeoutMs: 50 })
    const { target, headers } = await signAppRequest(context.signer)
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
