import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { expectBadInput, expectUnauthenticated, useWorld } from '../support/operations.ts'
import {
  createRawKey,
  openAccount,
  send,
  signRequest,
  storeInput,
  storeMutation,
} from '../support/raw-client.ts'
import { addKey, revokeKey } from '../support/trust.ts'

const world = useWorld()

const skipped = { query: '{ account @skip(if: true) { name } }' }

/** Requests of which no signed field comes to claim the signature. */
const unclaimed = {
  'a field that is skipped': skipped,
  'a field that is skipped beside an unsigned one': {
    query: '{ account @skip(if: true) { name } keyServer { version } }',
  },
  'an argument that is refused': {
    query: 'mutation { acknowledgeAlerts(upTo: "x") }',
  },
  'an acquisitionId that is refused': {
    query: `{ wrappedKey(transactionKeyId: "${randomUUID()}", acquisitionId: "x") { jwe } }`,
  },
  'a variable that is not of its type': {
    query: 'query ($id: ID!) { transactionKey(id: $id) { id } }',
    variables: { id: {} },
  },
  'a cursor of a subscription that is refused': { query: 'subscription { alerts(after: "x") { id } }' },
}

test.for(Object.entries(unclaimed))('%s: a replay is refused', async ([, operation]) => {
  const { key } = await openAccount(world.url)
  const request = await signRequest(world.url, key, operation)
  expect((await send(request)).code).not.toBe('UNAUTHENTICATED')
  expectUnauthenticated(await send(request), 'SIGNATURE_REPLAYED')
})

test.for(Object.entries(unclaimed))('%s: a revoked key is refused', async ([, operation]) => {
  const account = await openAccount(world.url)
  const device = await addKey(world.url, account, { copies: [] })
  expect((await revokeKey(world.url, account.key, device.id)).errors).toEqual([])
  expectUnauthenticated(await send(await signRequest(world.url, device, operation)), 'SIGNATURE_INVALID')
})

test('a refused store consumes the nonce, and its key can be stored with a new one', async () => {
  const { key } = await openAccount(world.url)
  const input = await storeInput(key)
  const bad = { query: storeMutation, variables: { input: { ...input, maxUses: 0 } } }
  const request = await signRequest(world.url, key, bad)
  expectBadInput(await send(request), 'input.maxUses')
  expectUnauthenticated(await send(request), 'SIGNATURE_REPLAYED')
  const good = { query: storeMutation, variables: { input } }
  expect((await send(await signRequest(world.url, key, good))).errors).toEqual([])
})

test('an account that could not be opened is refused with its own words, again and again', async () => {
  const key = await createRawKey()
  const request = await signRequest(world.url, key, {
    query: 'mutation ($input: OpenAccountInput!) { openAccount(input: $input) { id } }',
    variables: { input: { name: 'x', managementKey: { label: 'a', signingKey: key.signingKey } } },
  })
  for (let time = 0; time < 2; time++) expectBadInput(await send(request), 'input.name')
})
