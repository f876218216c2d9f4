import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { prunePairings } from '../../../server/pairing/pruning.ts'
import { runOnMachines } from '../../support/machines.ts'
import { settleClock } from '../../support/clock.ts'
import { expectRefusal, expectSignedOnly, expectUnauthenticated, useWorld } from '../../support/operations.ts'
import { call, createRawKey, openAccount } from '../../support/raw-client.ts'

const world = useWorld()

const newId = () => randomBytes(16).toString('base64url')
const fields = 'id payload answer expiresAt'
const openQuery = `mutation ($input: OpenPairingInput!) { openPairing(input: $input) { ${fields} } }`
const answerQuery = `mutation ($input: AnswerPairingInput!) { answerPairing(input: $input) { ${fields} } }`

interface Answer {
  // Each test asserts what it expects of it.
  readonly data: any // eslint-disable-line @typescript-eslint/no-explicit-any -- see above
  readonly errors?: readonly { readonly extensions: Record<string, unknown> }[]
}

const ask = async (query: string, variables: object) => {
  const response = await fetch(`${world.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.timeout(10_000),
  })
  const { data, errors = [] }: Answer = await response.json()
  return { status: response.status, data, errors, code: errors[0]?.extensions['code'] }
}
const open = (input: object) => ask(openQuery, { input })
const find = (id: string) => ask(`query ($id: ID!) { pairing(id: $id) { ${fields} } }`, { id })
const close = (id: string) => ask('mutation ($id: ID!) { closePairing(id: $id) }', { id })

test('a pairing is found under its id, for ten minutes', async () => {
  const id = newId()
  const { data } = await open({ id, payload: 'hello' })
  expect(data.openPairing).toMatchObject({ id, payload: 'hello', answer: null })
  expect((await find(id)).data.pairing).toEqual(data.openPairing)
  const seconds = (Date.parse(String(data.openPairing.expiresAt)) - Date.now()) / 1000
  expect(Math.abs(seconds - 600)).toBeLessThan(10)
})

test('opening it again returns it, and another message under its id is CONFLICT', async () => {
  const input = { id: newId(), payload: 'hello' }
  await open(input)
  expect((await open(input)).data.openPairing).toMatchObject(input)
  expect(await open({ ...input, payload: 'other' })).toMatchObject({ code: 'CONFLICT' })
})

test('an expired pairing is gone, for every caller, and is removed in time', async () => {
  const { key } = await openAccount(world.url)
  const id = newId()
  await open({ id, payload: 'hello' })
  const { sql } = world
  await sql`UPDATE pairings SET expires_at = clock_timestamp() WHERE id = ${id}`
  expect((await find(id)).data.pairing).toBeNull()
  const answer = { query: answerQuery, variables: { input: { id, answer: 'yes' } } }
  expectRefusal(await call(world.url, key, answer), { code: 'NOT_FOUND' })
  await settleClock(sql)
  await runOnMachines(world.databaseUrl, prunePairings)
  expect(await sql`SELECT FROM pairings WHERE id = ${id}`).toHaveLength(0)
})

test('an answer is signed, and given once', async () => {
  const { key } = await openAccount(world.url)
  const id = newId()
  await open({ id, payload: 'hello' })
  const answer = (text: string) =>
    call(world.url, key, { query: answerQuery, variables: { input: { id, answer: text } } })
  await expectSignedOnly(world.url, { query: answerQuery, variables: { input: { id, answer: 'yes' } } })
  expect((await answer('yes')).data?.['answerPairing']).toMatchObject({ answer: 'yes' })
  expect((await answer('yes')).data?.['answerPairing']).toMatchObject({ answer: 'yes' })
  expectRefusal(await answer('no'), { code: 'CONFLICT' })
  expect((await find(id)).data.pairing).toMatchObject({ payload: 'hello', answer: 'yes' })
})

test('answering what there is not is NOT_FOUND', async () => {
  const { key } = await openAccount(world.url)
  const input = { id: newId(), answer: 'yes' }
  expectRefusal(await call(world.url, key, { query: answerQuery, variables: { input } }), {
    code: 'NOT_FOUND',
  })
  const outsider = await createRawKey()
  const refused = await call(world.url, outsider, { query: answerQuery, variables: { input } })
  expectUnauthenticated(refused, 'SIGNATURE_INVALID')
})

test('a closed pairing is gone', async () => {
  const id = newId()
  await open({ id, payload: 'hello' })
  expect((await close(id)).data.closePairing).toBe(true)
  expect((await find(id)).data.pairing).toBeNull()
  expect((await close(id)).data.closePairing).toBe(false)
})

test.each([
  ['input.id', { id: 'short', payload: 'hello' }],
  ['input.payload', { id: newId(), payload: '' }],
  ['input.payload', { id: newId(), payload: 'x'.repeat(8193) }],
  ['input.payload', { id: newId(), payload: 'a\u0000b' }],
])('BAD_USER_INPUT at %s', async (field, input) => {
  const { errors } = await open(input)
  expect(errors[0]).toMatchObject({ extensions: { code: 'BAD_USER_INPUT', field } })
})
