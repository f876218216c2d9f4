import { expect, test } from 'vitest'
import { expectRefusal, useWorld } from '../support/operations.ts'
import { createRawKey, openAccount } from '../support/raw-client.ts'
import { add, addInput, addKey, revokeKey } from '../support/trust.ts'

const world = useWorld()

/** Gives an account rows of management keys that it did not add one by one. */
async function fill(
  name: string,
  { keys, areRevoked }: { keys: number; areRevoked: boolean },
): Promise<void> {
  await world.sql`
    INSERT INTO management_keys (account_id, id, label, kind, signing_key, wrapping_key, revoked_at)
    SELECT account_id, 'filler-' || place, label, m.kind, signing_key, wrapping_key,
      CASE WHEN ${areRevoked} THEN now() END
    FROM management_keys m JOIN accounts a ON a.id = m.account_id, generate_series(1, ${keys}) AS place
    WHERE a.name = ${name}`
}

test('an account has 100 active management keys at most, and may add one when it has revoked one', async () => {
  const account = await openAccount(world.url)
  await fill(account.name, { keys: 98, areRevoked: false })
  const last = await createRawKey()
  const input = await addInput(account, last)
  expect((await add(world.url, account.key, input)).errors).toEqual([])
  const next = await createRawKey()
  expectRefusal(await add(world.url, account.key, await addInput(account, next)), {
    code: 'QUOTA_EXCEEDED',
    quota: 'managementKeys',
    limit: 100,
  })
  // A repetition adds none.
  expect((await add(world.url, account.key, input)).errors).toEqual([])
  expect((await revokeKey(world.url, account.key, last.id)).errors).toEqual([])
  expect((await add(world.url, account.key, await addInput(account, next))).errors).toEqual([])
})

test('of two keys that are added at once, one gets the last place', async () => {
  const account = await openAccount(world.url)
  await fill(account.name, { keys: 98, areRevoked: false })
  const keys = [await createRawKey(), await createRawKey()]
  const answers = await Promise.all(
    keys.map(async (key) => add(world.url, account.key, await addInput(account, key))),
  )
  expect(answers.map(({ code }) => code ?? 'OK').sort()).toEqual(['OK', 'QUOTA_EXCEEDED'])
})

test('an account has 1,000 management keys at most, whatever it revokes', async () => {
  const account = await openAccount(world.url)
  await fill(account.name, { keys: 998, areRevoked: true })
  await addKey(world.url, account)
  const next = await createRawKey()
  expectRefusal(await add(world.url, account.key, await addInput(account, next)), { code: 'CONFLICT' })
})
