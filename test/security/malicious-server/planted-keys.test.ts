import { describe, expect, test } from 'vitest'
import { publicManagementKey } from '../../../client/crypto/management-key.ts'
import { signEndorsement } from '../../../client/trust/endorse.ts'
import {
  aboutOperation,
  forgeCertificate,
  listInvented,
  plantKey,
  servePlanted,
  together,
} from './forgeries.ts'
import {
  addDevice,
  bank,
  createManagementKey,
  createVictim,
  message,
  restarted,
  revokeManagementKey,
  sessionOf,
  shop,
  useMaliciousServer,
} from './victim.ts'

const { server } = useMaliciousServer()

/** A victim with a key, and a key that the key server generated to serve instead of it. */
async function prepare() {
  const victim = await createVictim(server())
  const key = await victim.vault.createKey(shop)
  return { victim, key, planted: await plantKey(server(), victim, key) }
}

const nowSeconds = () => Math.floor(Date.now() / 1000)

describe('a key that the key server generated', () => {
  test('is used when every check is left out: it opens, matches the served public key, and signs', async () => {
    const { victim, key, planted } = await prepare()
    server().tamper(servePlanted(planted, { certificate: null }))
    const careless = await restarted(victim, { hasMemory: false })
    const acquired = await careless.acquire(shop, { acceptUncertified: true })
    expect(acquired).toMatchObject({ id: key.id, thumbprint: planted.thumbprint })
    expect(await acquired.sign(message)).toHaveLength(64)
  })

  test('is refused without a certificate', async () => {
    const { victim, planted } = await prepare()
    server().tamper(servePlanted(planted, { certificate: null }))
    const forgetful = await restarted(victim, { hasMemory: false })
    await expect(forgetful.acquire(shop)).rejects.toMatchObject({ code: 'CERTIFICATE_MISSING' })
    const remembering = victim.vault.acquire(shop, { acceptUncertified: true })
    await expect(remembering).rejects.toMatchObject({ code: 'ROLLBACK' })
  })

  test("is refused with the certificate of the owner's key", async () => {
    const { victim, key, planted } = await prepare()
    server().tamper(servePlanted(planted, { certificate: key.certificate }))
    await expect(victim.vault.acquire(shop)).rejects.toMatchObject({
      code: 'CERTIFICATE_INVALID',
      message: expect.stringContaining('"cnf"'),
    })
  })

  test("is refused with the owner's certificate and public key beside it", async () => {
    const { victim, planted } = await prepare()
    server().tamper(({ operation, data }) => {
      if (operation === 'WrappedKey') data['wrappedKey'].jwe = planted.jwe
      return data
    })
    await expect(victim.vault.acquire(shop)).rejects.toMatchObject({ code: 'KEY_MISMATCH' })
  })

  test("is refused when it is symmetric, with the owner's certificate, by the thumbprint of the secret", async () => {
    const victim = await createVictim(server())
    const { id } = await victim.vault.createKey(shop, { algorithm: 'A256GCM' })
    const planted = await plantKey(server(), victim, { id, algorithm: 'A256GCM' })
    const handOut = aboutOperation('WrappedKey', ({ wrappedKey }) => {
      wrappedKey.jwe = planted.jwe
    })
    server().tamper(handOut)
    await expect(victim.vault.acquire(shop)).rejects.toMatchObject({
      code: 'KEY_MISMATCH',
      message: expect.stringContaining('certificate'),
    })
    // Negative control: without a certificate it cannot be told from the owner's.
    server().tamper(together(handOut, servePlanted(planted, { certificate: null })))
    const careless = await restarted(victim, { hasMemory: false })
    expect(await careless.acquire(shop, { acceptUncertified: true })).toMatchObject({ algorithm: 'A256GCM' })
  })

  test("is refused with a certificate that is signed in the owner's name by another key", async () => {
    const { victim, planted } = await prepare()
    const signer = await createManagementKey()
    const kid = victim.vault.managementKeyId
    server().tamper(
      servePlanted(planted, { certificate: await forgeCertificate(victim, planted, { signer, kid }) }),
    )
    await expect(victim.vault.acquire(shop)).rejects.toMatchObject({
      code: 'CERTIFICATE_INVALID',
      message: expect.stringContaining('signature'),
    })
  })

  test('is refused with a certificate by an unknown management key', async () => {
    const { victim, planted } = await prepare()
    const signer = await createManagementKey()
    const certificate = await forgeCertificate(victim, planted, { signer })
    server().tamper(servePlanted(planted, { certificate }))
    await expect(victim.vault.acquire(shop)).rejects.toMatchObject({ code: 'UNTRUSTED_MANAGEMENT_KEY' })
  })

  test('is refused with a certificate by an invented management key that endorses itself', async () => {
    const { victim, planted } = await prepare()
    const signer = await createManagementKey()
    const publicKeys = await publicManagementKey(signer)
    const by = { owner: victim.owner, managementKey: signer, nowSeconds: nowSeconds() }
    const endorsement = await signEndorsement({ ...publicKeys, kind: 'DEVICE' }, by)
    const certificate = await forgeCertificate(victim, planted, { signer })
    server().tamper(
      together(servePlanted(planted, { certificate }), await listInvented(signer, { endorsement })),
    )
    await expect(victim.vault.acquire(shop)).rejects.toMatchObject({
      code: 'UNTRUSTED_MANAGEMENT_KEY',
      message: expect.stringContaining('No certification path'),
    })
  })

  test('is refused with a certificate by a management key of another account', async () => {
    const { victim, planted } = await prepare()
    const accomplice = await createVictim(server())
    const { managementKey: signer, trust } = await sessionOf(accomplice)
    const { account } = await trust.readAccount()
    const endorsement = account.managementKeys[0]?.endorsement ?? null
    const certificate = await forgeCertificate(victim, planted, { signer })
    server().tamper(
      together(servePlanted(planted, { certificate }), await listInvented(signer, { endorsement })),
    )
    await expect(victim.vault.acquire(shop)).rejects.toMatchObject({ code: 'UNTRUSTED_MANAGEMENT_KEY' })
  })

  test('is refused with a certificate that a stolen device signed after it had been revoked', async () => {
    const { victim, planted } = await prepare()
    const stolen = await addDevice(victim)
    const { managementKey: signer } = await sessionOf(stolen)
    await revokeManagementKey(victim, signer.id)
    const later = { ...planted }
    const certificate = await forgeCertificate(victim, later, { signer })
    // The clocks of two devices may differ by half a minute: the listed revocation is older than that.
    const revokedAt = new Date(Date.now() - 120_000).toISOString()
    server().tamper(
      together(servePlanted(planted, { certificate }), ({ operation, data }) => {
        if (operation === 'Account') {
          for (const key of data['account'].managementKeys)
            if (key.id === signer.id) key.revokedAt = revokedAt
        }
        return data
      }),
    )
    await expect(victim.vault.acquire(shop)).rejects.toMatchObject({
      code: 'CERTIFICATE_INVALID',
      message: expect.stringContaining('revoked'),
    })
  })
})

describe('a key that is served instead of another one', () => {
  test('is refused when its whole record is served', async () => {
    const { victim, key } = await prepare()
    const other = await victim.vault.createKey(bank)
    await victim.vault.acquire({ id: other.id })
    const record = server().exchanges.findLast(({ operation }) => operation === 'WrappedKey')?.data
    server().tamper(({ operation, data }) => (operation === 'WrappedKey' ? (record ?? undefined) : data))
    await expect(victim.vault.acquire({ id: key.id })).rejects.toMatchObject({ code: 'KEY_MISMATCH' })
    await expect(victim.vault.acquire(shop)).rejects.toMatchObject({ code: 'KEY_MISMATCH' })
  })

  test('is refused when only its wrapped key is served', async () => {
    const { victim, key } = await prepare()
    const other = await victim.vault.createKey(shop)
    await victim.vault.acquire({ id: other.id })
    const answer = server().exchanges.findLast(({ operation }) => operation === 'WrappedKey')?.data
    server().tamper(({ operation, data }) => {
      if (operation === 'WrappedKey') data['wrappedKey'].jwe = answer?.['wrappedKey'].jwe
      return data
    })
    await expect(victim.vault.acquire({ id: key.id })).rejects.toMatchObject({ code: 'KEY_MISMATCH' })
  })

  test('is refused when it is a key for another application server, by the requested description', async () => {
    const { victim } = await prepare()
    const other = await victim.vault.createKey(bank)
    server().tamper(({ operation, data }) => {
      const [edge] = operation === 'TransactionKeys' ? data['account'].transactionKeys.edges : []
      if (edge) edge.node.id = other.id
      if (operation === 'WrappedKey') data['wrappedKey'].transactionKey.applicationServer = shop
      return data
    })
    await expect(victim.vault.acquire(shop)).rejects.toMatchObject({
      code: 'CERTIFICATE_INVALID',
      message: expect.stringContaining('"aud"'),
    })
  })
})
