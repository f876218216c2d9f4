import { describe, expect, test } from 'vitest'
import { VaultError } from '../../../client/errors.ts'
import { graphqlClient, type Operation } from '../../../client/transport/graphql.ts'
import { KeyServerError } from '../../../schema/wire/errors.ts'

const read: Operation<string> = {
  kind: 'query',
  document: 'query Read($id: ID) { name }',
  parse: (data) => data.text('name'),
}
const write: Operation<string> = { ...read, kind: 'mutation', document: 'mutation Write($id: ID) { name }' }

const json = (body: unknown, status = 200) =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } })

function clientThatHears(answer: () => Response | Promise<Response>) {
  const bodies: unknown[] = []
  const client = graphqlClient({
    endpoint: 'https://keys.example/graphql',
    fetch: async (_url, init) => {
      bodies.push(typeof init?.body === 'string' ? JSON.parse(init.body) : init?.body)
      return answer()
    },
  })
  return { client, bodies }
}

describe('a GraphQL client', () => {
  test('POSTs queries and mutations alike, leaves out what is undefined and keeps null', async () => {
    const { client, bodies } = clientThatHears(() => json({ data: { name: 'alice' } }))
    expect(await client.run(read, { id: undefined })).toBe('alice')
    expect(await client.run(write, { id: null })).toBe('alice')
    expect(bodies).toMatchObject([
      { operationName: 'Read', variables: {} },
      { operationName: 'Write', variables: { id: null } },
    ])
  })

  test('never shares one answer between two operations', async () => {
    let count = 0
    const { client } = clientThatHears(async () => {
      count += 1
      await new Promise((resolve) => setTimeout(resolve, 20))
      return json({ data: { name: String(count) } })
    })
    await Promise.all([client.run(read), client.run(read), client.run(read)])
    expect(count).toBe(3)
  })

  test('throws a refusal as a KeyServerError with its code and details', async () => {
    const extensions = { code: 'RATE_LIMITED', retryAfterSeconds: 7, field: 'input.id', more: 'unknown' }
    const { client } = clientThatHears(() =>
      json({ data: null, errors: [{ message: 'Slow down.', extensions }] }),
    )
    const error: unknown = await client.run(read).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(KeyServerError)
    expect(error).toMatchObject({
      code: 'RATE_LIMITED',
      message: 'Slow down.',
      details: { retryAfterSeconds: 7, field: 'input.id' },
    })
  })

  test('throws the refusal of a signature that came with status 401', async () => {
    const extensions = { code: 'UNAUTHENTICATED', reason: 'SIGNATURE_INVALID' }
    const { client } = clientThatHears(() => json({ errors: [{ message: 'No.', extensions }] }, 401))
    await expect(client.run(read)).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
      details: { reason: 'SIGNATURE_INVALID' },
    })
  })

  test('never takes partial data for an answer', async () => {
    const errors = [{ message: 'Half.', extensions: { code: 'INTERNAL_SERVER_ERROR' } }]
    const { client } = clientThatHears(() => json({ data: { name: 'alice' }, errors }))
    await expect(client.run(read)).rejects.toMatchObject({ code: 'INTERNAL_SERVER_ERROR' })
  })

  test.each([
    { data: { name: 1 } },
    { data: {} },
    { data: null },
    {},
    { errors: [{ message: 'x', extensions: { code: 'MADE_UP' } }] },
    { errors: ['x'] },
  ])('throws ANSWER_MALFORMED for what the protocol does not know: %o', async (answer) => {
    const { client } = clientThatHears(() => json(answer))
    await expect(client.run(read)).rejects.toMatchObject({ name: 'VaultError', code: 'ANSWER_MALFORMED' })
  })

  test('passes a VaultError of the transport on as it is', async () => {
    const timeout = new VaultError('TIMEOUT')
    const { client } = clientThatHears(() => Promise.reject(timeout))
    await expect(client.run(read)).rejects.toBe(timeout)
  })
})
