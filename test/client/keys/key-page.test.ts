import { expect, test } from 'vitest'
import { bank, newVault, shop, useWorld } from '../../support/devices.ts'

const world = useWorld()

test('pages follow one another by their cursors, and each says how many keys there are in all', async () => {
  const vault = await newVault(world.url)
  const stored = [await vault.createKey(shop), await vault.createKey(bank), await vault.createKey(shop)]

  const first = await vault.keyPage({ first: 2 })
  expect(first.totalCount).toBe(3)
  const second = await vault.keyPage({ first: 2, after: first.endCursor })
  expect(second).toMatchObject({ totalCount: 3, endCursor: null })
  const seen = [...first.keys, ...second.keys]
  expect(seen.map(({ id }) => id)).toEqual(stored.map(({ id }) => id).reverse())
  expect(seen.map(({ trustError }) => trustError)).toEqual([null, null, null])
})

test('the count is that of the filter', async () => {
  const vault = await newVault(world.url)
  const { id } = await vault.createKey(shop)
  await vault.createKey(bank)
  await vault.revokeKey(id)
  expect(await vault.keyPage({ applicationServer: shop })).toMatchObject({ totalCount: 1 })
  expect((await vault.keyPage({ state: 'REVOKED' })).keys.map((key) => key.id)).toEqual([id])
  expect(await vault.keyPage({ state: 'EXPIRED' })).toEqual({ keys: [], endCursor: null, totalCount: 0 })
})

test('keys are searched and ordered by the key server, and the count is that of the search', async () => {
  const vault = await newVault(world.url)
  await vault.createKey(shop, { label: 'Till' })
  await vault.createKey(bank, { label: 'Vault' })
  await vault.createKey(bank, { label: 'Branch' })
  const found = await vault.keyPage({ search: 'BANK', sort: 'OLDEST' })
  expect(found.keys.map(({ label }) => label)).toEqual(['Vault', 'Branch'])
  expect(found.totalCount).toBe(2)
  const first = await vault.keyPage({ sort: 'NAME', first: 2 })
  const rest = await vault.keyPage({ sort: 'NAME', first: 2, after: first.endCursor })
  const names = [...first.keys, ...rest.keys].map(({ applicationServer }) => applicationServer)
  expect(names).toEqual([bank, bank, shop])
})
