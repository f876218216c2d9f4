import { expect, test } from 'vitest'
import { acquire, call, openAccount, signRequest, send, storeKey } from '../../support/raw-client.ts'
import { useWorld } from '../../support/world.ts'

const world = useWorld()
const accountQuery = { query: '{ account { name } }' }

/** Replaces a function of the database by one with another body until `work` is done. */
async function withFunction(name: string, body: string, work: () => Promise<void>): Promise<void> {
  const [stored] = await world.sql<{ definition: string }[]>`
    SELECT pg_get_functiondef(${name}::regproc) AS definition`
  const definition = stored?.definition ?? ''
  try {
    await world.sql.unsafe(
      definition.replace(/AS \$function\$[^]*\$function\$/, `AS $function$${body}$function$`),
    )
    await work()
  } finally {
    await world.sql.unsafe(definition)
  }
}

test('a nonce with an unknown outcome lets nobody in', async () => {
  const { key } = await openAccount(world.url)
  await withFunction('consume_management_key_nonce', "BEGIN RETURN 'GRANTED '; END", async () => {
    const answer = await call(world.url, key, accountQuery)
    expect([answer.data?.['account'] ?? null, answer.code]).toEqual([null, 'INTERNAL_SERVER_ERROR'])
  })
  expect((await call(world.url, key, accountQuery)).errors).toEqual([])
})

test('an acquisition with an unknown outcome, or a grant without a wrapped key, releases nothing', async () => {
  const { key } = await openAccount(world.url)
  const { id } = await storeKey(world.url, key)
  const listed = {
    query: 'query ($ids: [ID!]!) { wrappedKeys(transactionKeyIds: $ids, purpose: EXPORT) { jwe } }',
    variables: { ids: [id] },
  }
  const rows = {
    acquire_wrapped_keys: [
      "'GRANTED ', w.transaction_key_id, w.jwe",
      "'GRANTED', w.transaction_key_id, NULL::text",
    ],
    acquire_wrapped_key_group: ["1, 'GRANTED ', w.jwe", "1, 'GRANTED', NULL::text", "2, 'GRANTED', w.jwe"],
  }
  for (const [name, answers] of Object.entries(rows)) {
    for (const row of answers) {
      const body = `BEGIN RETURN QUERY SELECT ${row} FROM wrapped_keys w; END`
      await withFunction(name, body, async () => {
        const isGroup = name === 'acquire_wrapped_key_group'
        const answer = await (isGroup ? acquire(world.url, key, { id }) : call(world.url, key, listed))
        expect([answer.data ?? null, answer.code]).toEqual([null, 'INTERNAL_SERVER_ERROR'])
      })
    }
  }
  expect((await call(world.url, key, listed)).errors).toEqual([])
  expect((await acquire(world.url, key, { id })).errors).toEqual([])
})

test('a verification with an unknown state is answered as no valid key', async () => {
  const { key, name } = await openAccount(world.url)
  const { publicKey } = await storeKey(world.url, key)
  const verify = () =>
    call(world.url, null, {
      query: 'query ($input: VerifyPublicKeyInput!) { verifyPublicKey(input: $input) { valid } }',
      variables: { input: { owner: name, applicationServer: 'https://shop.example', publicKey } },
    })
  expect((await verify()).data).toEqual({ verifyPublicKey: { valid: true } })
  await withFunction('transaction_key_state', "SELECT 'active'", async () => {
    const answer = await verify()
    expect([answer.data ?? null, answer.code]).toEqual([null, 'INTERNAL_SERVER_ERROR'])
  })
})

test('a signing key of another form than was ever stored lets nobody in', async () => {
  const { key } = await openAccount(world.url)
  await world.sql`
    UPDATE management_key_owners SET signing_key = signing_key || '{"crv": "X25519"}' WHERE management_key_id = ${key.id}`
  const answer = await send(await signRequest(world.url, key, accountQuery))
  expect([answer.data?.['account'] ?? null, answer.code]).toEqual([null, 'INTERNAL_SERVER_ERROR'])
})
