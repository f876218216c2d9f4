import { createHash, randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { accountIdOf } from '../../server/lib/account-id.ts'
import { countWaiting } from '../support/machines.ts'
import { alertsOf, expectUnauthenticated, useWorld } from '../support/operations.ts'
import {
  acquire,
  call,
  openAccount,
  storeKey,
  type GraphQLAnswer,
  type RawKey,
} from '../support/raw-client.ts'
import { addKey, revokeKey, trustAlerts } from '../support/trust.ts'

const world = useWorld()

interface Asked {
  readonly ids: readonly string[]
  readonly purpose: 'USE' | 'REWRAP' | 'EXPORT'
  readonly acquisitionId?: string
}

function acquireFor(key: RawKey, variables: Asked) {
  return call(world.url, key, {
    query: `query ($ids: [ID!]!, $purpose: AcquisitionPurpose, $acquisitionId: ID) {
      wrappedKeys(transactionKeyIds: $ids, purpose: $purpose, acquisitionId: $acquisitionId) { jwe }
    }`,
    variables,
  })
}

async function useCountOf(id: string): Promise<unknown> {
  const [row] = await world.sql`SELECT use_count FROM transaction_key_usage WHERE transaction_key_id = ${id}`
  return row?.['use_count']
}

/** A value that one could take for the id under which another purpose is remembered: a digest of purpose and id, as a UUID. */
function derivedIds(purpose: string, acquisitionId: string): string[] {
  return ['md5', 'sha1', 'sha256'].flatMap((algorithm) =>
    ['', ' ', ':', '/'].map((separator) => {
      const digest = createHash(algorithm).update(`${purpose}${separator}${acquisitionId}`).digest('hex')
      return digest.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
    }),
  )
}

test('no acquisitionId makes a use pass for the repetition of an export: it is counted and limited', async () => {
  const { key } = await openAccount(world.url)
  const { id } = await storeKey(world.url, key, { maxUses: 1, overusePolicy: 'REFUSE' })
  expect((await acquire(world.url, key, { id })).errors).toEqual([])
  const acquisitionId = randomUUID()
  expect((await acquireFor(key, { ids: [id], purpose: 'EXPORT', acquisitionId })).errors).toEqual([])
  for (const derived of [acquisitionId, ...derivedIds('EXPORT', acquisitionId)]) {
    const answer = await acquireFor(key, { ids: [id], purpose: 'USE', acquisitionId: derived })
    expect(answer.code).toBe('KEY_OVERUSED')
  }
  expect(await useCountOf(id)).toBe(1)
})

test('no acquisitionId makes an export pass for the repetition of a use: it is alerted', async () => {
  const { key } = await openAccount(world.url)
  const { id } = await storeKey(world.url, key)
  const acquisitionId = randomUUID()
  for (const derived of [acquisitionId, ...derivedIds('EXPORT', acquisitionId)]) {
    expect((await acquireFor(key, { ids: [id], purpose: 'USE', acquisitionId: derived })).errors).toEqual([])
  }
  expect((await acquireFor(key, { ids: [id], purpose: 'EXPORT', acquisitionId })).errors).toEqual([])
  expect(await trustAlerts(world.url, key)).toMatchObject([{ kind: 'KEYS_EXPORTED', keyCount: 1 }])
})

test('the same acquisitionId in another spelling is the same', async () => {
  const { key } = await openAccount(world.url)
  const { id } = await storeKey(world.url, key)
  const acquisitionId = randomUUID()
  for (const spelling of [acquisitionId, acquisitionId.toUpperCase()]) {
    expect((await acquire(world.url, key, { id, acquisitionId: spelling })).errors).toEqual([])
    expect(
      (await acquireFor(key, { ids: [id.toUpperCase()], purpose: 'USE', acquisitionId: spelling })).errors,
    ).toEqual([])
  }
  expect(await useCountOf(id)).toBe(1)
})

/** Until so many sessions of this database wait for a lock. */
async function untilWaiting(sessions: number): Promise<void> {
  await expect.poll(() => countWaiting(world.databaseUrl), { timeout: 10_000, interval: 20 }).toBe(sessions)
}

test.for(['EXPORT', 'USE'] as const)(
  'an acquisition for %s that meets the revocation of its management key is whole or refused, and not counted without its keys',
  async (purpose) => {
    const account = await openAccount(world.url)
    const keys = [
      await storeKey(world.url, account.key, { maxUses: 1 }),
      await storeKey(world.url, account.key),
    ]
    const ids = keys.map(({ id }) => id)
    // The first of them is used up, so that a use is alerted and waits for the account too.
    expect((await acquireFor(account.key, { ids, purpose: 'USE' })).errors).toEqual([])
    const device = await addKey(world.url, account, { copies: ids })

    const pending: Promise<GraphQLAnswer>[] = []
    await world.sql.begin(async (tx) => {
      await tx`SELECT FROM accounts WHERE id = ${accountIdOf(account.name)} FOR UPDATE`
      pending.push(revokeKey(world.url, account.key, device.id))
      await untilWaiting(1)
      pending.push(acquireFor(device, { ids, purpose }))
      await untilWaiting(2)
    })
    const [revoked, acquired] = await Promise.all(pending)
    if (revoked === undefined || acquired === undefined) throw new TypeError('Both were sent.')

    expect(revoked.errors).toEqual([])
    expectUnauthenticated(acquired, 'SIGNATURE_INVALID')
    expect(await Promise.all(ids.map(useCountOf))).toEqual([1, 1])
    expect(await alertsOf(world.url, account.key, ['KEYS_EXPORTED', 'KEY_OVERUSED'])).toEqual([])
  },
)
