import { expect, test } from 'vitest'
import { expectBadInput, pickEach, useWorld } from '../support/operations.ts'
import { call, openAccount, storeKey } from '../support/raw-client.ts'

const world = useWorld()

async function questionsOf(count: number): Promise<object[]> {
  const { name, key } = await openAccount(world.url)
  const { publicKey } = await storeKey(world.url, key)
  return Array.from({ length: count }, () => ({
    owner: name,
    applicationServer: 'https://shop.example',
    publicKey,
  }))
}

function ask(fields: string, variables: Record<string, unknown>) {
  const query = `query ($all: [VerifyPublicKeyInput!]!, $one: VerifyPublicKeyInput!) { ${fields} }`
  return call(world.url, null, { query, variables })
}

const many = 'verifyPublicKeys(inputs: $all) { coincides answer }'
const single = 'verifyPublicKey(input: $one) { coincides answer }'

test('a request asks for 100 verifications at most, over all of its fields', async () => {
  const all = await questionsOf(50)
  const query = `query ($all: [VerifyPublicKeyInput!]!) { a: ${many} b: ${many} }`
  const good = await call(world.url, null, { query, variables: { all } })
  expect(good.errors).toEqual([])
  expect([...pickEach(good.data?.['a'], 'coincides'), ...pickEach(good.data?.['b'], 'coincides')]).toEqual(
    Array.from({ length: 100 }, () => true),
  )
  expectBadInput(await ask(`a: ${many} b: ${many} c: ${single}`, { all, one: all[0] }), 'input')
  expectBadInput(await ask(`c: ${single} a: ${many} b: ${many}`, { all, one: all[0] }), 'inputs')
})
