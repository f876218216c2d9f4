import { describe, expect, test } from 'vitest'
import { generateManagementKey, type ManagementKey } from '../../../client/crypto/management-key.ts'
import { managementKeySigner } from '../../../client/transport/message-signer.ts'
import { publicHalfOf } from '../../../client/crypto/public-half.ts'
import { generateSecret, type TransactionKeyAlgorithm } from '../../../client/crypto/transaction-key.ts'
import { wrapForAll } from '../../../client/crypto/wrap.ts'
import { acquireKey, type AcquireOptions } from '../../../client/keys/acquire.ts'
import type { Session } from '../../../client/trust/session.ts'
import { ResponseReader } from '../../../client/transport/response-reader.ts'
import { createClock } from '../../../client/transport/clock.ts'
import { confirmationOf } from '../../../client/trust/confirmation.ts'
import { Trust } from '../../../client/trust/trust.ts'
import { thumbprint } from '../../../schema/wire/keys/thumbprint.ts'

const applicationServer = 'https://shop.example'

/** A session whose key server answers every operation with `data`. */
function sessionThatHears(managementKey: ManagementKey, data: object): Session {
  const clock = createClock()
  const keyServer: Session['keyServer'] = { run: async ({ parse }) => parse(new ResponseReader(data)) }
  return {
    url: 'https://keys.example',
    owner: 'alice',
    managementKey,
    clock,
    signer: managementKeySigner(managementKey, clock),
    keyServer,
    trust: new Trust({ owner: 'alice', managementKey, anchors: [], keyServer, clock }),
    options: {},
  }
}

interface Stored {
  readonly jwe: string
  readonly transactionKey: Readonly<Record<string, unknown>> & { readonly id: string }
}

/** A key as an honest key server stores it. */
async function store(managementKey: ManagementKey, algorithm: TransactionKeyAlgorithm): Promise<Stored> {
  const id = crypto.randomUUID()
  const secret = await generateSecret(algorithm)
  const publicKey = await publicHalfOf(secret)
  const recipients = [{ id: managementKey.id, wrappingKey: managementKey.wrapping.publicKey }]
  const [wrappedKey] = await wrapForAll(secret, { id, applicationServer, recipients })
  if (wrappedKey === undefined) throw new Error('Nothing was wrapped.')
  const certificate = await sessionThatHears(managementKey, {}).trust.certify({
    id,
    applicationServer,
    cnf: await confirmationOf(secret),
    notBefore: null,
    expiresAt: null,
    maxUses: null,
    overusePolicy: 'NOTIFY',
  })
  const transactionKey = {
    id,
    applicationServer,
    label: null,
    publicKey,
    thumbprint: publicKey === null ? null : await thumbprint(publicKey),
    state: 'ACTIVE',
    notBefore: null,
    expiresAt: null,
    expiryNotices: [],
    maxUses: null,
    useCount: 1,
    refusedCount: 0,
    overusePolicy: 'NOTIFY',
    lastUsedAt: null,
    createdAt: '2026-11-23T06:00:00.000Z',
    revokedAt: null,
    revocationReason: null,
    revocation: null,
    possession: null,
    wrappedFor: [{ id: managementKey.id }],
    certificate,
  }
  return { jwe: wrappedKey.jwe, transactionKey }
}

/** As a client without certificates stores it. */
function withoutCertificate({ jwe, transactionKey }: Stored): Stored {
  return { jwe, transactionKey: { ...transactionKey, certificate: null } }
}

/** The answers to the list of active keys and to the acquisition. */
function answers({ jwe, transactionKey }: Stored): object {
  const transactionKeys = {
    edges: [{ node: transactionKey }],
    pageInfo: { hasNextPage: false, endCursor: null },
  }
  return { account: { transactionKeys }, wrappedKey: { jwe, transactionKey } }
}

const createManagementKey = () => generateManagementKey({ signingAlgorithm: 'Ed25519', extractable: false })
const message = new TextEncoder().encode('order 66')

async function acquireOf(algorithm: TransactionKeyAlgorithm) {
  const managementKey = await createManagementKey()
  const stored = await store(managementKey, algorithm)
  return acquireKey(sessionThatHears(managementKey, answers(stored)), applicationServer)
}

describe('an acquired key', () => {
  test.each([
    { algorithm: 'Ed25519', parameters: { name: 'Ed25519' } },
    { algorithm: 'P-256', parameters: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } },
  ] as const)('of $algorithm signs, and its public key verifies', async ({ algorithm, parameters }) => {
    const acquired = await acquireOf(algorithm)
    if (acquired.publicKey === null) throw new Error('A signing key has a public key.')
    const signature = await acquired.sign(message)
    expect(signature).toHaveLength(64)
    const verifier = await crypto.subtle.importKey('jwk', acquired.publicKey, parameters, true, ['verify'])
    expect(await crypto.subtle.verify(parameters, verifier, signature, message)).toBe(true)
    expect(await crypto.subtle.verify(parameters, verifier, signature, new Uint8Array(8))).toBe(false)
  })

  test('of X25519 agrees on a secret with the holder of the other key', async () => {
    const [one, other] = [await acquireOf('X25519'), await acquireOf('X25519')]
    const shared = await one.deriveBits(other.publicKey)
    expect(shared).toHaveLength(32)
    expect(await other.deriveBits(one.publicKey)).toEqual(shared)
    const smallOrder = { kty: 'OKP', crv: 'X25519', x: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' }
    await expect(one.deriveBits(smallOrder)).rejects.toMatchObject({ code: 'PUBLIC_KEY_INVALID' })
  })

  test('of A256GCM opens what it sealed, and nothing that was changed', async () => {
    const key = await acquireOf('A256GCM')
    const additionalData = new TextEncoder().encode('row 7')
    const sealed = await key.encrypt(message, { additionalData })
    expect(sealed).toHaveLength(12 + message.length + 16)
    expect(await key.decrypt(sealed, { additionalData })).toEqual(message)
    const failed = { code: 'DECRYPT_FAILED' }
    await expect(key.decrypt(sealed)).rejects.toMatchObject(failed)
    const changed = sealed.with(12, (sealed[12] ?? 0) ^ 1)
    await expect(key.decrypt(changed, { additionalData })).rejects.toMatchObject(failed)
    await expect(key.decrypt(sealed.slice(0, 5))).rejects.toMatchObject(failed)
    expect((await key.encrypt(message)).slice(0, 12)).not.toEqual(sealed.slice(0, 12))
  })

  test('refuses an operation that is not for its algorithm', async () => {
    const [signing, symmetric] = [await acquireOf('Ed25519'), await acquireOf('A256GCM')]
    const mismatch = { code: 'ALGORITHM_MISMATCH' }
    await expect(signing.encrypt(message)).rejects.toMatchObject(mismatch)
    await expect(signing.deriveBits(signing.publicKey)).rejects.toMatchObject(mismatch)
    await expect(symmetric.sign(message)).rejects.toMatchObject(mismatch)
    expect(symmetric).toMatchObject({ publicKey: null, thumbprint: null })
  })

  test('can be exported only when that was asked for', async () => {
    const managementKey = await createManagementKey()
    const session = sessionThatHears(managementKey, answers(await store(managementKey, 'Ed25519')))
    const plain = await acquireKey(session, applicationServer)
    await expect(crypto.subtle.exportKey('jwk', plain.cryptoKey)).rejects.toThrow()
    const extractable = await acquireKey(session, applicationServer, { extractable: true })
    expect(await crypto.subtle.exportKey('jwk', extractable.cryptoKey)).toHaveProperty('d')
  })
})

describe('a malicious key server', () => {
  const expectRefused = async (
    which: Parameters<typeof acquireKey>[1],
    told: (honest: Stored, other: Stored) => Stored,
    options: AcquireOptions = {},
  ) => {
    const managementKey = await createManagementKey()
    const [honest, other] = [await store(managementKey, 'Ed25519'), await store(managementKey, 'Ed25519')]
    const requested = typeof which === 'string' ? which : { id: honest.transactionKey.id }
    // Negative control: the honest answer is accepted.
    await acquireKey(sessionThatHears(managementKey, answers(honest)), requested)
    const acquisition = acquireKey(
      sessionThatHears(managementKey, answers(told(honest, other))),
      requested,
      options,
    )
    return expect(acquisition).rejects
  }
  const byId = { id: '' }
  const mismatch = { name: 'VaultError', code: 'KEY_MISMATCH' }
  const untrue = { name: 'VaultError', code: 'CERTIFICATE_INVALID' }

  test('that changes the id is noticed', async () => {
    const refused = await expectRefused(byId, (_honest, other) => other)
    await refused.toMatchObject(mismatch)
  })

  test('that changes the application server is noticed', async () => {
    const refused = await expectRefused(applicationServer, (honest) => ({
      ...honest,
      transactionKey: { ...honest.transactionKey, applicationServer: 'https://bank.example' },
    }))
    await refused.toMatchObject(mismatch)
  })

  test("that serves another wrapped key under this key's description is noticed", async () => {
    const refused = await expectRefused(byId, (honest, other) => ({ ...honest, jwe: other.jwe }))
    await refused.toMatchObject(mismatch)
  })

  test('that serves another public key is noticed, also without a certificate', async () => {
    const told = (honest: Stored, other: Stored) => {
      const { publicKey, thumbprint } = other.transactionKey
      return { ...honest, transactionKey: { ...honest.transactionKey, publicKey, thumbprint } }
    }
    await (await expectRefused(byId, told)).toMatchObject(untrue)
    const uncertified = await expectRefused(
      byId,
      (honest, other) => withoutCertificate(told(honest, other)),
      { acceptUncertified: true },
    )
    await uncertified.toMatchObject(mismatch)
  })

  test('that serves no public key for a key pair is noticed, also without a certificate', async () => {
    const told = (honest: Stored) => ({
      ...honest,
      transactionKey: { ...honest.transactionKey, publicKey: null, thumbprint: null },
    })
    await (await expectRefused(byId, told)).toMatchObject(untrue)
    const uncertified = await expectRefused(byId, (honest) => withoutCertificate(told(honest)), {
      acceptUncertified: true,
    })
    await uncertified.toMatchObject(mismatch)
  })

  test('that changes the thumbprint is noticed', async () => {
    const refused = await expectRefused(byId, (honest, other) => ({
      ...honest,
      transactionKey: { ...honest.transactionKey, thumbprint: other.transactionKey['thumbprint'] },
    }))
    await refused.toMatchObject(mismatch)
  })

  test('that serves a secret which it generated, without the members that bind it, is noticed', async () => {
    const managementKey = await createManagementKey()
    const honest = await store(managementKey, 'Ed25519')
    const recipients = [{ id: managementKey.id, wrappingKey: managementKey.wrapping.publicKey }]
    const own = await generateSecret('Ed25519')
    const bound = { id: honest.transactionKey.id, applicationServer, recipients }
    const [planted] = await wrapForAll(own, bound)
    const session = sessionThatHears(managementKey, answers({ ...honest, jwe: planted?.jwe ?? '' }))
    await expect(acquireKey(session, { id: honest.transactionKey.id })).rejects.toMatchObject(mismatch)
  })
})

test('without an active key, acquiring by application server is NO_ACTIVE_KEY', async () => {
  const managementKey = await createManagementKey()
  const transactionKeys = { edges: [], pageInfo: { hasNextPage: false, endCursor: null } }
  const session = sessionThatHears(managementKey, { account: { transactionKeys } })
  await expect(acquireKey(session, applicationServer)).rejects.toMatchObject({ code: 'NO_ACTIVE_KEY' })
})
