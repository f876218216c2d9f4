import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { createVault, memoryKeystore, openVault } from '../../../client/index.ts'
import { followKeyChanges, createVerifier } from '../../../client/verifier.ts'
import { startTcpProxy } from '../../support/tcp-proxy.ts'
import { useWorld } from '../../support/world.ts'

const world = useWorld()

/** Another address of the key server, which it does not know of. */
async function unknownAddress(): Promise<{ readonly url: string; close(): Promise<void> }> {
  const proxy = await startTcpProxy(world.url)
  return { url: new URL(proxy.url).origin, close: () => proxy.close() }
}

test('an address that is not in PUBLIC_URL is told as that, and not as a revoked key', async () => {
  const keystore = memoryKeystore()
  await createVault({ url: world.url, owner: `owner-${randomUUID()}`, keystore })
  const address = await unknownAddress()
  try {
    const vault = await openVault({ url: address.url, keystore })
    const expected = {
      name: 'VaultError',
      code: 'ADDRESS_MISMATCH',
      message: expect.stringMatching(`${address.url} is not in its PUBLIC_URL.*${world.url}`),
    }
    await expect(vault.account()).rejects.toMatchObject(expected)
    await expect(vault.alerts().next()).rejects.toMatchObject(expected)
    const owner = `owner-${randomUUID()}`
    await expect(createVault({ url: address.url, owner, keystore: memoryKeystore() })).rejects.toMatchObject(
      expected,
    )
  } finally {
    await address.close()
  }
})

test('a key that is not known stays SIGNATURE_INVALID at a right address', async () => {
  const keystore = memoryKeystore()
  await createVault({ url: world.url, owner: `owner-${randomUUID()}`, keystore })
  const vault = await openVault({ url: world.url, keystore })
  await createVault({ url: world.url, owner: `owner-${randomUUID()}`, keystore: memoryKeystore() })
  await world.sql`UPDATE management_keys SET revoked_at = now() WHERE id = ${vault.managementKeyId}`
  await expect(vault.account()).rejects.toMatchObject({
    name: 'KeyServerError',
    details: { reason: 'SIGNATURE_INVALID' },
  })
})

test('a follower hears that its address is wrong', async () => {
  const address = await unknownAddress()
  const { promise, resolve } = Promise.withResolvers<string>()
  const { privateKey } = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])
  const following = await followKeyChanges(
    createVerifier({ url: address.url, applicationServer: 'https://shop.example' }),
    {
      signingKey: await crypto.subtle.exportKey('jwk', privateKey),
      onEvent: (event) => {
        if (event.type === 'lost') resolve(event.code)
      },
    },
  )
  try {
    expect(await promise).toBe('ADDRESS_MISMATCH')
  } finally {
    following.close()
    await address.close()
  }
})
