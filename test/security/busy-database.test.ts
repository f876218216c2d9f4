import { expect, test } from 'vitest'
import { pino } from 'pino'
import { createErrorMask } from '../../server/graphql/errors.ts'
import { accountIdOf } from '../../server/lib/account-id.ts'
import { countWaiting } from '../support/machines.ts'
import { expectRefusal, useWorld } from '../support/operations.ts'
import { openAccount, storeKey, type GraphQLAnswer } from '../support/raw-client.ts'
import { addKey, revokeKey } from '../support/trust.ts'

const world = useWorld()

test.for([
  ['a deadlock', '40P01', 'UNAVAILABLE'],
  ['a serialization failure', '40001', 'UNAVAILABLE'],
  ['a lock that does not come', '55P03', 'UNAVAILABLE'],
  ['a statement that takes too long', '57014', 'UNAVAILABLE'],
  ['a fault, as a negative control,', '42601', 'INTERNAL_SERVER_ERROR'],
])('%s (%s) is answered with %s', ([, code, answer]) => {
  const mask = createErrorMask(pino({ level: 'silent' }))
  const inner = Object.assign(new Error('said by PostgreSQL'), { code })
  for (const error of [inner, new Error('said by Drizzle', { cause: inner })]) {
    expect(mask(error).extensions['code']).toBe(answer)
    expect(mask(error).message).not.toContain('said')
  }
})

test('a statement that PostgreSQL cancels is UNAVAILABLE, changed nothing, and may be repeated', async () => {
  const account = await openAccount(world.url)
  await storeKey(world.url, account.key)
  const device = await addKey(world.url, account)
  const pending: Promise<GraphQLAnswer>[] = []
  await world.sql.begin(async (tx) => {
    await tx`SELECT FROM accounts WHERE id = ${accountIdOf(account.name)} FOR UPDATE`
    pending.push(revokeKey(world.url, account.key, device.id))
    await expect
      .poll(() => countWaiting(world.databaseUrl, { cancels: true }), { timeout: 10_000, interval: 50 })
      .toBe(1)
  })
  const [answer] = await Promise.all(pending)
  if (answer === undefined) throw new TypeError('One was sent.')
  expect(answer.status).toBe(503)
  expectRefusal(answer, { code: 'UNAVAILABLE', retryAfterSeconds: 1 })
  expect((await revokeKey(world.url, account.key, device.id)).errors).toEqual([])
})
