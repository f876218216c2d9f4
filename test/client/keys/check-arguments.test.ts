import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createVault, memoryKeystore, type Vault } from '../../../client/index.ts'
import { assertApplicationServer, assertTerms } from '../../../client/keys/check-arguments.ts'
import { useWorld } from '../../support/world.ts'

const clock = { nowSeconds: () => Date.parse('2026-11-27T12:00:00Z') / 1000 }
const future = new Date('2027-01-01')

const bad: readonly { readonly field: string; readonly terms: object }[] = [
  { field: 'algorithm', terms: { algorithm: 'RSA' } },
  { field: 'algorithm', terms: { algorithm: 'toString' } },
  { field: 'expiresAt', terms: { expiresAt: new Date(NaN) } },
  { field: 'expiresAt', terms: { expiresAt: '2027-01-01' } },
  { field: 'expiresAt', terms: { expiresAt: new Date('+010000-01-01T00:00:00Z') } },
  { field: 'expiresAt', terms: { expiresAt: new Date('2026-11-27T12:00:00Z') } },
  { field: 'expiresAt', terms: { expiresAt: future, notBefore: future } },
  { field: 'notBefore', terms: { notBefore: new Date(NaN) } },
  { field: 'maxUses', terms: { maxUses: 0 } },
  { field: 'maxUses', terms: { maxUses: 2 ** 31 } },
  { field: 'maxUses', terms: { maxUses: NaN } },
  { field: 'maxUses', terms: { maxUses: 1.5 } },
  { field: 'maxUses', terms: { maxUses: '7' } },
  { field: 'expiryNotices', terms: { expiryNotices: [0] } },
  { field: 'expiryNotices', terms: { expiryNotices: Array(11).fill(60) } },
  { field: 'overusePolicy', terms: { overusePolicy: 'IGNORE' } },
]

describe('terms', () => {
  test.each(bad)('$field in $terms is ARGUMENT_INVALID with its name', ({ field, terms }) => {
    const code = 'ARGUMENT_INVALID'
    expect(() => {
      assertTerms(terms, clock)
    }).toThrow(expect.objectContaining({ code, field, message: expect.stringContaining(field) }))
  })

  test.each([
    {},
    { algorithm: 'A256GCM' },
    { expiresAt: future, notBefore: new Date('2026-12-01'), maxUses: 2 ** 31 - 1, expiryNotices: [60] },
    { expiresAt: null, maxUses: null, expiryNotices: null },
    { expiresAt: new Date('9999-12-31T23:59:59.999Z') },
    { expiresAt: new Date('2020-01-01'), allowExpired: true },
  ] as const)('%j are taken', (terms) => {
    expect(() => {
      assertTerms(terms, clock)
    }).not.toThrow()
  })

  test.each(['', 'x'.repeat(256), '\ud800', undefined, 7])('the application server %j is refused', (name) => {
    expect(() => {
      assertApplicationServer(name)
    }).toThrow(expect.objectContaining({ code: 'ARGUMENT_INVALID', field: 'applicationServer' }))
  })
})

describe('a vault', () => {
  const world = useWorld()
  const open = (): Promise<Vault> =>
    createVault({ url: world.url, owner: `owner-${randomUUID()}`, keystore: memoryKeystore() })

  test('rejects what cannot be before it makes or sends anything', async () => {
    const vault = await open()
    const past = new Date(Date.now() - 1000)
    const code = 'ARGUMENT_INVALID'
    await expect(vault.createKey('')).rejects.toMatchObject({ code, field: 'applicationServer' })
    await expect(vault.acquire('')).rejects.toMatchObject({ code, field: 'applicationServer' })
    await expect(vault.createKey('https://shop.example', { maxUses: NaN })).rejects.toMatchObject({ code })
    await expect(vault.createKey('https://shop.example', { expiresAt: past })).rejects.toMatchObject({ code })
    const { id } = await vault.createKey('https://shop.example', { expiresAt: past, allowExpired: true })
    await expect(vault.updateKey(id, { expiresAt: past })).rejects.toMatchObject({ code, field: 'expiresAt' })
    await expect(vault.rotateKey(id, { maxUses: 0 })).rejects.toMatchObject({ code, field: 'maxUses' })
    expect(await vault.keys().toArray()).toHaveLength(1)
  })

  test('takes an origin in any spelling for one application server', async () => {
    const vault = await open()
    const { id, applicationServer } = await vault.createKey('HTTPS://Shop.Example:443/')
    expect(applicationServer).toBe('https://shop.example')
    expect((await vault.acquire('https://shop.example/')).id).toBe(id)
    expect(await vault.keys({ applicationServer: 'https://shop.example:443' }).toArray()).toHaveLength(1)
  })
})
