import { describe, expect, test } from 'vitest'
import { publicManagementKey } from '../../../client/crypto/management-key.ts'
import { signEndorsement } from '../../../client/trust/endorse.ts'
import { aboutManagementKeys, listInvented } from './forgeries.ts'
import type { Data, Tampering } from './malicious-server.ts'
import {
  addDevice,
  createManagementKey,
  createVictim,
  sessionOf,
  shop,
  useMaliciousServer,
  type Victim,
} from './victim.ts'

const { server } = useMaliciousServer()
const untrusted = { name: 'VaultError', code: 'UNTRUSTED_MANAGEMENT_KEY' }

/** No key may have been wrapped for a management key that its owner does not know. */
function assertNothingWrappedFor(...ids: readonly string[]): void {
  const stored = server().exchanges.filter(({ operation }) => operation === 'StoreTransactionKey')
  const recipients = stored.flatMap(({ variables }) => {
    const wrappedKeys: { managementKeyId: string }[] = variables['input'].wrappedKeys
    return wrappedKeys.map(({ managementKeyId }) => managementKeyId)
  })
  for (const id of ids) expect(recipients).not.toContain(id)
}

async function endorsedBy(endorser: Victim, kind: 'DEVICE' | 'RECOVERY' = 'DEVICE') {
  const invented = await createManagementKey()
  const { managementKey } = await sessionOf(endorser)
  const publicKeys = await publicManagementKey(invented)
  const by = { owner: endorser.owner, managementKey, nowSeconds: Math.floor(Date.now() / 1000) }
  return { invented, endorsement: await signEndorsement({ ...publicKeys, kind }, by) }
}

describe('a management key that the key server invented', () => {
  test.each(['with no endorsement', 'endorsed by itself', 'endorsed in another account'])(
    '%s gets no wrapped key, and is reported',
    async (how) => {
      const victim = await createVictim(server())
      const accomplice = await createVictim(server())
      const foreign = await endorsedBy(accomplice)
      const publicKeys = await publicManagementKey(foreign.invented)
      const by = { owner: victim.owner, managementKey: foreign.invented, nowSeconds: 1_700_000_000 }
      const endorsement = {
        'with no endorsement': null,
        'endorsed by itself': await signEndorsement({ ...publicKeys, kind: 'DEVICE' }, by),
        'endorsed in another account': foreign.endorsement,
      }[how]
      server().tamper(await listInvented(foreign.invented, { endorsement: endorsement ?? null }))
      await expect(victim.vault.createKey(shop)).rejects.toMatchObject(untrusted)
      assertNothingWrappedFor(foreign.invented.id)
      const { managementKeys } = await victim.vault.account()
      expect(managementKeys.map(({ isTrusted }) => isTrusted)).toEqual([true, false])
    },
  )

  test("is not taken for the owner's second device by taking its place", async () => {
    const victim = await createVictim(server())
    const second = await addDevice(victim)
    const invented = await createManagementKey()
    const { wrappingKey } = await publicManagementKey(invented)
    server().tamper(
      aboutManagementKeys((keys) => {
        for (const key of keys)
          if (key['id'] === second.vault.managementKeyId) key['wrappingKey'] = wrappingKey
      }),
    )
    await expect(victim.vault.createKey(shop)).rejects.toMatchObject({
      ...untrusted,
      message: expect.stringContaining('another wrapping key'),
    })
  })

  test("does not put its wrapping key in the place of this device's own", async () => {
    const victim = await createVictim(server())
    const { wrappingKey } = await publicManagementKey(await createManagementKey())
    server().tamper(aboutManagementKeys((keys) => keys.map((key) => Object.assign(key, { wrappingKey }))))
    await expect(victim.vault.createKey(shop)).rejects.toMatchObject(untrusted)
  })
})

const changes: readonly { readonly how: string; readonly change: (key: Data) => void }[] = [
  {
    how: 'an endorsement cut short',
    change: (key) => (key['endorsement'] = String(key['endorsement']).slice(0, -4)),
  },
  { how: 'an endorsement of another kind', change: (key) => (key['kind'] = 'RECOVERY') },
  { how: 'no wrapping key any more', change: (key) => (key['wrappingKey'] = null) },
  { how: 'an id of its own', change: (key) => (key['id'] = 'A'.repeat(43)) },
  { how: 'its endorsement removed', change: (key) => (key['endorsement'] = null) },
]

test.each(changes)('a device that is listed with $how is not wrapped for', async ({ change }) => {
  const victim = await createVictim(server())
  const second = await addDevice(victim)
  const tampering: Tampering = aboutManagementKeys((keys) => {
    for (const key of keys) if (key['id'] === second.vault.managementKeyId) change(key)
  })
  // Negative control: as listed by the real server it is wrapped for.
  expect((await victim.vault.createKey(shop)).wrappedFor).toContain(second.vault.managementKeyId)
  const stored = server().exchanges.length
  server().tamper(tampering)
  await expect(victim.vault.createKey(shop)).rejects.toMatchObject({ name: 'VaultError' })
  const since = server().exchanges.slice(stored)
  expect(since.filter(({ operation }) => operation === 'StoreTransactionKey')).toEqual([])
})

test('an account that is another one is not taken for the own', async () => {
  const victim = await createVictim(server())
  const accomplice = await createVictim(server())
  server().tamper(({ operation, data }) => {
    if (operation === 'Account') data['account'].name = accomplice.owner
    return data
  })
  await expect(victim.vault.createKey(shop)).rejects.toMatchObject({ code: 'ANSWER_MALFORMED' })
})

test('a list of more than 1,000 management keys is refused', async () => {
  const victim = await createVictim(server())
  server().tamper(
    aboutManagementKeys((keys) => {
      const [first] = keys
      for (let count = 0; count < 1000; count += 1) keys.push({ ...first })
    }),
  )
  await expect(victim.vault.createKey(shop)).rejects.toMatchObject({ code: 'ANSWER_MALFORMED' })
})
