import { describe, expect, test } from 'vitest'
import { revokeDevice } from '../../../client/devices/revoke.ts'
import { statementSigner } from '../../../client/trust/endorse.ts'
import { parseStatement, signStatement } from '../../../schema/wire/statements/statement.ts'
import {
  aboutKeys,
  aboutManagementKeys,
  forgeCertificate,
  plantKey,
  servePlanted,
  together,
} from './forgeries.ts'
import type { Tampering } from './malicious-server.ts'
import {
  addDevice,
  createVictim,
  restarted,
  sessionOf,
  shop,
  useMaliciousServer,
  type Victim,
} from './victim.ts'

/* Dates that the key server says, and what of them is believed. */

const { server } = useMaliciousServer()
const inAYear = () => new Date(Date.now() + 365 * 86_400_000).toISOString()

/** Sets the date of a management key's revocation in all answers. */
function withRevokedAt(id: string, revokedAt: string | null): Tampering {
  return aboutManagementKeys((keys) => {
    for (const key of keys) if (key['id'] === id) key['revokedAt'] = revokedAt
  })
}

/** A victim who revoked a stolen device two minutes ago, at a key server that dates the revocation into the future. */
async function revokeStolen() {
  const victim = await createVictim(server())
  const { id } = await victim.vault.createKey(shop)
  const planted = await plantKey(server(), victim, { id })
  const stolen = await addDevice(victim)
  const { managementKey: signer } = await sessionOf(stolen)
  const tampering = withRevokedAt(signer.id, inAYear())
  server().tamper(tampering)
  await revokedMinutesAgo(victim, signer.id)
  return { victim, planted, signer, tampering }
}

/** Revokes a management key, by a clock that is two minutes behind: as if that were so long ago. */
async function revokedMinutesAgo(victim: Victim, id: string): Promise<void> {
  const session = await sessionOf(victim)
  const clock = { ...session.clock, nowSeconds: () => Math.floor(Date.now() / 1000) - 120 }
  await revokeDevice({ ...session, clock }, id)
}

describe('a revocation that the key server dates into the future', () => {
  test('counts from the time at which this device made it: later signatures of the stolen device are refused', async () => {
    const { victim, planted, signer, tampering } = await revokeStolen()
    const certificate = await forgeCertificate(victim, planted, { signer })
    server().tamper(together(servePlanted(planted, { certificate }), tampering))
    const refused = { code: 'CERTIFICATE_INVALID', message: expect.stringContaining('revoked') }
    await expect((await restarted(victim)).acquire(shop)).rejects.toMatchObject(refused)
  })

  test('is recorded with the earliest date that was ever listed', async () => {
    const victim = await createVictim(server())
    const second = await addDevice(victim)
    const { id } = (await sessionOf(second)).managementKey
    server().tamper(withRevokedAt(id, inAYear()))
    await revokedMinutesAgo(victim, id)
    const early = new Date('2026-01-01T00:00:00Z')
    server().tamper(withRevokedAt(id, early.toISOString()))
    await victim.vault.account()
    server().tamper(withRevokedAt(id, inAYear()))
    const { trusted } = await (await sessionOf(victim)).trust.readAccount()
    expect(trusted.get(id)?.revokedAt).toEqual(early)
  })
})

describe('a revocation that this device made', () => {
  test('and the key server only claims to have made is missed at once', async () => {
    const victim = await createVictim(server())
    const { id } = (await sessionOf(await addDevice(victim))).managementKey
    server().tamper(withRevokedAt(id, null))
    await expect(victim.vault.revokeDevice(id)).rejects.toMatchObject({ code: 'ROLLBACK' })
    await expect((await restarted(victim)).createKey(shop)).rejects.toMatchObject({ code: 'ROLLBACK' })
  })

  test('is of the device that was named, and of no other', async () => {
    const victim = await createVictim(server())
    const { id } = (await sessionOf(await addDevice(victim))).managementKey
    server().tamper(({ operation, data }) => {
      if (operation === 'RevokeManagementKey') data['revokeManagementKey'].id = victim.vault.managementKeyId
      return data
    })
    await expect(victim.vault.revokeDevice(id)).rejects.toMatchObject({ code: 'ANSWER_MALFORMED' })
  })
})

describe('a certificate that is dated ahead', () => {
  test('is refused, though a trusted device signed it', async () => {
    const victim = await createVictim(server())
    const stored = await victim.vault.createKey(shop)
    const second = await addDevice(victim)
    const { managementKey } = await sessionOf(second)
    const { payload } = parseStatement('claviger-key+jwt', stored.certificate)
    const certify = (aheadSeconds: number) => {
      const iat = Math.floor(Date.now() / 1000) + aheadSeconds
      return signStatement('claviger-key+jwt', { ...payload, iat }, statementSigner(managementKey))
    }
    const tomorrow = await certify(86_400)
    server().tamper(aboutKeys((key) => Object.assign(key, { certificate: tomorrow })))
    await expect(victim.vault.acquire(shop)).rejects.toMatchObject({ code: 'CERTIFICATE_INVALID' })
    // Negative control: the same certificate dated now is accepted.
    const now = await certify(0)
    server().tamper(aboutKeys((key) => Object.assign(key, { certificate: now })))
    expect((await victim.vault.acquire(shop)).id).toBe(stored.id)
  })
})

test('certificates that replace each other faster than a second are never dated ahead', async () => {
  const victim = await createVictim(server())
  const { id } = await victim.vault.createKey(shop)
  for (let maxUses = 1; maxUses <= 40; maxUses += 1) {
    expect(await victim.vault.updateKey(id, { maxUses })).toMatchObject({ maxUses, trustError: null })
  }
}, 60_000)
