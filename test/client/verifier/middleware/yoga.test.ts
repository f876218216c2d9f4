import { createSchema, createYoga } from 'graphql-yoga'
import { describe, expect, test } from 'vitest'
import { yogaPlugin } from '../../../../client/verifier/middleware/yoga.ts'
import { owner, signAppRequest } from '../../../support/verifier.ts'
import { codeOf, send, useMiddlewareContext } from './context.ts'

const context = await useMiddlewareContext()

describe('graphql-yoga', () => {
  const schema = createSchema<{ claviger: { owner: string } }>({
    typeDefs: 'type Query { me: String! } type Mutation { order(coffees: Int!): String! }',
    resolvers: {
      Query: { me: (_root, _args, { claviger }) => claviger.owner },
      Mutation: { order: (_root, { coffees }, { claviger }) => `${String(coffees)} for ${claviger.owner}` },
    },
  })
  const graphqlServer = () =>
    context.serve(
      createYoga({ schema, plugins: [yogaPlugin(context.bench.verifier)], graphiql: false, logging: false }),
    )
  const query = (text: string) => ({ target: '/graphql', body: JSON.stringify({ query: text }) })

  test('resolvers get the caller of a POST', async () => {
    const url = await graphqlServer()
    const response = await send(url, await signAppRequest(context.signer, query('{ me }')))
    expect(await response.json()).toEqual({ data: { me: owner } })
    const mutation = await send(
      url,
      await signAppRequest(context.signer, query('mutation { order(coffees: 2) }')),
    )
    expect(await mutation.json()).toEqual({ data: { order: `2 for ${owner}` } })
  })

  test('resolvers get the caller of a GET', async () => {
    const url = await graphqlServer()
    const target = '/graphql?query=%7B%20me%20%7D'
    const response = await send(
      url,
      await signAppRequest(context.signer, { method: 'GET', body: '', target }),
    )
    expect(await response.json()).toEqual({ data: { me: owner } })
  })

  test('an unsigned, a changed and a repeated request are refused', async () => {
    const url = await graphqlServer()
    const unsigned = await fetch(`${url}/graphql?query=%7Bme%7D`)
    expect([unsigned.status, await codeOf(unsigned)]).toEqual([401, 'SIGNATURE_REQUIRED'])
    const request = await signAppRequest(context.signer, query('{ me }'))
    const changed = { ...request, body: new TextEncoder().encode('{"query":"{ me me }"}') }
    expect(await codeOf(await send(url, changed))).toBe('SIGNATURE_INVALID')
    expect((await send(url, request)).status).toBe(200)
    expect(await codeOf(await send(url, request))).toBe('SIGNATURE_REPLAYED')
  })

  test('a body that is too large is refused', async () => {
    await context.prepare({ bodyBytesMax: 100 })
    const url = await graphqlServer()
    const response = await send(
      url,
      await signAppRequest(context.signer, query(`{ me # ${'x'.repeat(200)}\n }`)),
    )
    expect([response.status, await codeOf(response)]).toEqual([413, 'TOO_LARGE'])
  })
})
