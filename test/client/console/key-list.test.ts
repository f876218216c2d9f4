import 'fake-indexeddb/auto'
import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { KeyList } from '../../../client/console/data/key-list.ts'
import { viewerOf } from '../../../client/console/session/access.ts'
import { createVault, memoryKeystore, openVault } from '../../../client/index.ts'
import { eventually } from '../../support/connections.ts'
import { newOwner, shop, useWorld } from '../../support/devices.ts'
import { fillAccountKeys } from '../../support/fill-account-keys.ts'

const world = useWorld()

test('rows of the last visit do not hide that the key server is out of reach, however often they are looked at', async () => {
  const keystore = memoryKeystore()
  const vault = await createVault({ url: world.url, owner: newOwner(), keystore })
  await vault.createKey(shop)
  const list = new KeyList(viewerOf(vault))
  await list.reload()
  expect(list.state.value).toMatchObject({ totalCount: 1, error: null })

  const lineless = await openVault({ keystore, fetch: () => Promise.reject(new TypeError('No line.')) })
  const again = new KeyList(viewerOf(lineless))
  await again.reload()
  const expected = { totalCount: 1, error: { code: 'NETWORK' } }
  expect(again.state.value).toMatchObject(expected)
  again.need(0, 1)
  await setImmediate()
  expect(again.state.value).toMatchObject(expected)
})

test('a page that is no longer looked at is not read, nor the cursors up to it', async () => {
  const owner = newOwner()
  const keystore = memoryKeystore()
  await createVault({ url: world.url, owner, keystore })
  await fillAccountKeys(world.sql, { owner, count: 1_000 })
  let asked = 0
  const vault = await openVault({
    keystore,
    fetch: async (input, init) => {
      asked += 1
      return fetch(input, init)
    },
  })
  const list = new KeyList(viewerOf(vault))
  await list.reload()
  const before = asked
  list.need(900, 910)
  list.need(100, 110)
  await eventually(() => list.state.value.pages.has(1), { withinMs: 5_000, what: 'the second page' })
  // The cursor that was being read already, and the page.
  expect(asked).toBe(before + 2)
})
