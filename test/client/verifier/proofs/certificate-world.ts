import { createVerifierWith, type VerifierOptions } from '../../../../client/verifier/create-verifier.ts'
import type { VerifierEvent } from '../../../../client/verifier/events.ts'
import {
  signStatement,
  type Endorsement,
  type KeyCertificate,
} from '../../../../schema/wire/statements/statement.ts'
import { createRawKey, type RawKey } from '../../../support/raw-client.ts'
import { endorsementOf, signerOf } from '../../../support/trust.ts'
import { createSigner } from '../../../schema/wire/signatures/signers.ts'
import { owner, shop, startSeconds } from '../../../support/verifier.ts'

/** The key server's answer about the one key, true or not. */
export interface ServedAnswer {
  /** By the key server's clock. Default: now. */
  checkedAt?: Date
  state?: 'ACTIVE' | 'REVOKED' | 'EXPIRED' | 'PENDING'
  expiresAt?: Date | null
  certificate: string | null
  endorsements: readonly string[] | null
  /** Default: none. */
  revocation?: string | null
}

export const jti = crypto.randomUUID()
export const transactionKey = await createSigner('ed25519')
export const [phone, laptop, tablet, thief] = await Promise.all([
  createRawKey(),
  createRawKey('ES256'),
  createRawKey(),
  createRawKey(),
])

/** A certificate of the transaction key. */
export function certify(by: RawKey, changes: Partial<KeyCertificate> = {}): Promise<string> {
  const cnf = { jwk: transactionKey.jwk }
  const payload = { v: 1, iss: owner, aud: shop, jti, iat: startSeconds, cnf, ...changes } as const
  return signStatement('claviger-key+jwt', payload, signerOf(by))
}

export function endorse(key: RawKey, by: RawKey, changes: Partial<Endorsement> = {}): Promise<string> {
  return signStatement(
    'claviger-endorsement+jwt',
    { ...endorsementOf(owner, key), iat: startSeconds - 100, ...changes },
    signerOf(by),
  )
}

/** Endorses a key as a VIEWER, which has no wrapping key. */
export function endorseViewer(key: RawKey, by: RawKey): Promise<string> {
  const { wrap: _, ...payload } = endorsementOf(owner, key)
  return signStatement(
    'claviger-endorsement+jwt',
    { ...payload, kind: 'VIEWER', iat: startSeconds - 100 },
    signerOf(by),
  )
}

/**
 * The phone endorses itself and the laptop, and the laptop the tablet; the last endorsement first, as the key server
 * serves them.
 */
export const certificationPath = [
  await endorse(tablet, laptop),
  await endorse(laptop, phone),
  await endorse(phone, phone),
]

export interface World {
  readonly served: ServedAnswer
  readonly verify: () => Promise<string>
  /** The `certifiedBy` of the last result. */
  readonly certifiedBy: () => readonly string[] | null | undefined
  readonly details: () => string[]
  readonly pass: (seconds: number) => void
}

/** A verifier without a cache. */
export function createWorld(
  pins: readonly (string | object)[] | null,
  served: ServedAnswer,
  options: Partial<VerifierOptions> = {},
): World {
  const events: VerifierEvent[] = []
  let passedMs = 0
  const nowMs = () => startSeconds * 1000 + passedMs
  let certifiedBy: readonly string[] | null | undefined
  const verifier = createVerifierWith(
    {
      url: 'https://keys.example',
      applicationServer: shop,
      cacheSeconds: 0,
      negativeCacheSeconds: 0,
      certificates: { pinsOf: (name) => (name === owner ? pins : []) },
      onEvent: (event) => events.push(event),
      fetch: () => Promise.resolve(answer(served)),
      ...options,
    },
    { nowMs, monotonicMs: nowMs },
  )
  return {
    served,
    verify: async () => {
      const result = await verifier.verify({ owner, publicKey: transactionKey.jwk })
      certifiedBy = result.certifiedBy
      return result.status
    },
    certifiedBy: () => certifiedBy,
    pass: (seconds) => {
      passedMs += seconds * 1000
    },
    details: () => events.flatMap((event) => (event.type === 'answer-refused' ? [event.detail] : [])),
  }
}

function answer({
  state = 'ACTIVE',
  expiresAt = null,
  checkedAt = new Date(startSeconds * 1000),
  certificate,
  endorsements,
  revocation = null,
}: ServedAnswer): Response {
  const one = {
    coincides: true,
    valid: state === 'ACTIVE',
    state,
    notBefore: null,
    expiresAt: expiresAt?.toISOString() ?? null,
    checkedAt: checkedAt.toISOString(),
    certificate,
    endorsements,
    revocation,
  }
  return Response.json({ data: { verifyPublicKeys: [one] } })
}

export const phoneCertificate = await certify(phone)
/** The endorsements of a key that no key of the owner has endorsed. */
export const thieves = [await endorse(thief, thief)]
