import { describe, expect, test, vi } from 'vitest'
import { createVerifier, type VerifierOptions } from '../../../../client/verifier/create-verifier.ts'
import type { VerifierEvent } from '../../../../client/verifier/events.ts'
import { thumbprint } from '../../../../schema/wire/keys/thumbprint.ts'
import {
  signStatement,
  type Endorsement,
  type KeyCertificate,
  type KeyRevocation,
} from '../../../../schema/wire/statements/statement.ts'
import { createRawKey, type RawKey } from '../../../support/raw-client.ts'
import { endorsementOf, signerOf } from '../../../support/trust.ts'
import { createSigner } from '../../../schema/wire/signatures/signers.ts'
import { owner, shop, startSeconds } from '../../../support/verifier.ts'

/** What a key server says of the one key that it is asked about, true or not. */
interface Said {
  /** Of the key server's clock. Default: now. */
  checkedAt?: Date
  state?: 'ACTIVE' | 'REVOKED' | 'EXPIRED' | 'PENDING'
  expiresAt?: Date | null
  certificate: string | null
  endorsements: readonly string[] | null
  /** Default: none. */
  revocation?: string | null
}

const jti = crypto.randomUUID()
const transactionKey = await createSigner('ed25519')
const [phone, laptop, tablet, thief] = await Promise.all([
  createRawKey(),
  createRawKey('ES256'),
  createRawKey(),
  createRawKey(),
])

function certify(by: RawKey, changes: Partial<KeyCertificate> = {}): Promise<string> {
  const cnf = { jwk: transactionKey.jwk }
  const payload = { v: 1, iss: owner, aud: shop, jti, iat: startSeconds, cnf, ...changes } as const
  return signStatement('claviger-key+jwt', payload, signerOf(by))
}

function endorse(key: RawKey, by: RawKey, changes: Partial<Endorsement> = {}): Promise<string> {
  return signStatement(
    'claviger-endorsement+jwt',
    { ...endorsementOf(owner, key), iat: startSeconds - 100, ...changes },
    signerOf(by),
  )
}

/** The first key endorses itself, then each one the next; the last one's endorsement is first, as the key server shows them. */
const chain = [await endorse(tablet, laptop), await endorse(laptop, phone), await endorse(phone, phone)]

interface World {
  readonly said: Said
  readonly ask: () => Promise<string>
  /** What `ask` answered last. */
  readonly certifiedBy: () => readonly string[] | null | undefined
  readonly details: () => string[]
  readonly pass: (seconds: number) => void
}

/** A verifier that asks each time. */
function createWorld(
  pins: readonly (string | object)[] | null,
  said: Said,
  options: Partial<VerifierOptions> = {},
): World {
  const events: VerifierEvent[] = []
  let passedMs = 0
  const nowMs = () => startSeconds * 1000 + passedMs
  let certifiedBy: readonly string[] | null | undefined
  const verifier = createVerifier(
    {
      url: 'https://keys.example',
      applicationServer: shop,
      cacheSeconds: 0,
      negativeCacheSeconds: 0,
      certificates: { pinsOf: (name) => (name === owner ? pins : []) },
      onEvent: (event) => events.push(event),
      fetch: () => Promise.resolve(answer(said)),
      ...options,
    },
    { nowMs, monotonicMs: nowMs },
  )
  return {
    said,
    ask: async () => {
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
}: Said): Response {
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

const phoneCertificate = await certify(phone)
const thieves = [await endorse(thief, thief)]

describe('a key whose owner’s management key is pinned', () => {
  test.each<[string, readonly (string | object)[], RawKey, readonly string[] | null, readonly RawKey[]]>([
    ['its certificate is by the pinned key itself', [phone.id], phone, chain.slice(2), [phone]],
    ['the pinned key is given as a JWK, and nothing else is shown', [phone.signingKey], phone, null, [phone]],
    [
      'endorsements lead from the pinned key to its signer',
      [phone.id],
      tablet,
      chain,
      [tablet, laptop, phone],
    ],
    ['the pinned key is in the middle of them', [laptop.id], tablet, chain, [tablet, laptop]],
    [
      'the pinned key is a JWK, and not all of them are shown',
      [laptop.signingKey],
      tablet,
      chain.slice(0, 1),
      [tablet, laptop],
    ],
    ['the pinned key is given twice', [phone.signingKey, phone.id], phone, null, [phone]],
    ['one of several pinned keys is', [thief.id, phone.id], laptop, chain.slice(1), [laptop, phone]],
  ])('is valid when %s', async (_when, pins, signer, endorsements, path) => {
    const world = createWorld(pins, { certificate: await certify(signer), endorsements })
    expect(await world.ask()).toBe('valid')
    expect(world.certifiedBy()).toEqual(path.map(({ id }) => id))
    expect(world.details()).toEqual([])
  })

  test.each<[string, () => Promise<Partial<Said>>, string | RegExp]>([
    ['there is no certificate', async () => ({ certificate: null }), 'The key has no certificate'],
    ['its certificate is no statement', async () => ({ certificate: 'x' }), /compact JWS/],
    [
      'its certificate is by somebody else',
      async () => ({ certificate: await certify(thief), endorsements: thieves }),
      /No chain of endorsements/,
    ],
    [
      'its certificate is by somebody else, of whom nothing is shown',
      async () => ({ certificate: await certify(thief), endorsements: [] }),
      /No certification path/,
    ],
    [
      "it is by somebody else, under the pinned key's name",
      async () => ({
        certificate: await signStatement(
          'claviger-key+jwt',
          { v: 1, iss: owner, aud: shop, jti, iat: startSeconds, cnf: { jwk: transactionKey.jwk } },
          { ...signerOf(thief), kid: phone.id },
        ),
      }),
      'The signature of this statement is wrong.',
    ],
    [
      'its signer is endorsed by somebody else, who endorses himself',
      async () => ({
        certificate: await certify(laptop),
        endorsements: [await endorse(laptop, thief), ...thieves],
      }),
      /No chain of endorsements/,
    ],
    [
      'its signer is endorsed in the name of the pinned key',
      async () => ({
        certificate: await certify(thief),
        endorsements: [
          await signStatement('claviger-endorsement+jwt', endorsementOf(owner, thief), {
            ...signerOf(thief),
            kid: phone.id,
          }),
          ...chain.slice(2),
        ],
      }),
      /Its endorsement is invalid/,
    ],
    [
      'the endorsement of its signer is for another account',
      async () => ({
        certificate: await certify(laptop),
        endorsements: [await endorse(laptop, phone, { iss: 'bob' }), ...chain.slice(2)],
      }),
      /about another account/,
    ],
    [
      'a link is missing',
      async () => ({ certificate: await certify(tablet), endorsements: [chain[0] ?? '', chain[2] ?? ''] }),
      /No chain of endorsements/,
    ],
    [
      'its signers endorse each other in a circle',
      async () => ({
        certificate: await certify(thief),
        endorsements: [await endorse(thief, tablet), await endorse(tablet, thief)],
      }),
      /No chain of endorsements/,
    ],
    [
      "its certificate is another owner's",
      async () => ({ certificate: await certify(phone, { iss: 'bob' }) }),
      /claim "iss"/,
    ],
    [
      'its certificate is for another application server',
      async () => ({ certificate: await certify(phone, { aud: 'https://bank.example' }) }),
      /claim "aud"/,
    ],
    [
      "it is another key's certificate",
      async () => ({
        certificate: await certify(phone, { cnf: { jwk: (await createSigner('ed25519')).jwk } }),
      }),
      /claim "cnf"/,
    ],
    [
      "it is a symmetric key's certificate with the thumbprint of this one",
      async () => ({
        certificate: await certify(phone, { cnf: { jkt: await thumbprint(transactionKey.jwk) } }),
      }),
      /claim "cnf"/,
    ],
    [
      'the key server shows a later end of its term',
      async () => ({
        certificate: await certify(phone, { exp: startSeconds + 60 }),
        expiresAt: new Date((startSeconds + 3600) * 1000),
      }),
      /claim "exp"/,
    ],
    [
      'the key server leaves out the end of its term',
      async () => ({ certificate: await certify(phone, { exp: startSeconds + 60 }) }),
      /claim "exp"/,
    ],
    [
      'its certified term has ended, whatever the key server says of now',
      async () => ({
        certificate: await certify(phone, { exp: startSeconds - 3600 }),
        expiresAt: new Date((startSeconds - 3600) * 1000),
      }),
      /By its certified term/,
    ],
    [
      'its certificate is from the future',
      async () => ({ certificate: await certify(phone, { iat: startSeconds + 3600 }) }),
      'ahead of the reader',
    ],
  ])('is uncertified when %s', async (_when, changes, detail) => {
    const said = { certificate: await certify(phone), endorsements: chain, ...(await changes()) }
    const world = createWorld([phone.id], said)
    expect(await world.ask()).toBe('uncertified')
    expect(world.certifiedBy()).toBeNull()
    expect(world.details()).toEqual([expect.stringMatching(detail)])
  })

  test('is uncertified when no management key of the owner is trusted at all', async () => {
    const world = createWorld([], { certificate: await certify(phone), endorsements: chain })
    expect(await world.ask()).toBe('uncertified')
  })

  test('is uncertified for as long as a statement of its chain is dated ahead, and not for longer', async () => {
    const ahead = await endorse(laptop, phone, { iat: startSeconds + 60 })
    const world = createWorld([phone.id], {
      certificate: await certify(laptop),
      endorsements: [ahead, ...chain.slice(2)],
    })
    expect(await world.ask()).toBe('uncertified')
    world.pass(29)
    expect(await world.ask()).toBe('uncertified')
    world.pass(1)
    expect(await world.ask()).toBe('valid')
  })

  describe('that its owner has signed to be revoked', () => {
    const revoke = (by: RawKey, changes: Partial<KeyRevocation> = {}) =>
      signStatement(
        'claviger-revocation+jwt',
        {
          v: 1,
          iss: owner,
          aud: shop,
          jti,
          jkt: transactionKey.keyid,
          iat: startSeconds - 1,
          reason: 'COMPROMISED',
          ...changes,
        },
        signerOf(by),
      )
    const valid = { certificate: phoneCertificate, endorsements: chain, state: 'ACTIVE' } as const

    test('is revoked from then on, though the key server forgets it', async () => {
      const world = createWorld([phone.id], { ...valid, state: 'REVOKED', revocation: await revoke(tablet) })
      expect(await world.ask()).toBe('revoked')
      Object.assign(world.said, { state: 'ACTIVE', revocation: null })
      expect(await world.ask()).toBe('revoked')
      expect(world.details()).toEqual(['The owner has signed its revocation.'])
      // Negative control: a verifier that has not seen it believes the key server.
      expect(await createWorld([phone.id], { ...valid }).ask()).toBe('valid')
    })

    test('is revoked though the key server says at once that it is valid', async () => {
      expect(await createWorld([phone.id], { ...valid, revocation: await revoke(phone) }).ask()).toBe(
        'revoked',
      )
    })

    test.each<[string, () => Promise<string>]>([
      ['by a stranger', () => revoke(thief)],
      ['of another key', () => revoke(phone, { jkt: thief.id })],
      ['for another application server', () => revoke(phone, { aud: 'https://bank.example' })],
      ['of another owner', () => revoke(phone, { iss: 'mallory' })],
      ['of the future', () => revoke(phone, { iat: startSeconds + 31 })],
      ['which is no statement', () => Promise.resolve('x')],
    ])('%s stays valid: nobody else revokes it', async (_what, sign) => {
      expect(await createWorld([phone.id], { ...valid, revocation: await sign() }).ask()).toBe('valid')
    })

    test('is not remembered of an owner who is not pinned', async () => {
      const world = createWorld(null, { ...valid, state: 'REVOKED', revocation: await revoke(phone) })
      expect(await world.ask()).toBe('revoked')
      Object.assign(world.said, { state: 'ACTIVE', revocation: null })
      expect(await world.ask()).toBe('valid')
    })
  })

  test('is let in no longer than its certificate says, whatever the key server says of the time', async () => {
    const exp = startSeconds + 10
    const world = createWorld(
      [phone.id],
      {
        certificate: await certify(phone, { exp }),
        endorsements: chain,
        expiresAt: new Date(exp * 1000),
        checkedAt: new Date(0),
      },
      { cacheSeconds: 60, whenUnavailable: 'serve-stale', staleSeconds: 86_400 },
    )
    expect(await world.ask()).toBe('valid')
    world.pass(39)
    expect(await world.ask()).toBe('valid')
    world.pass(1)
    // Clocks may differ by 30 seconds, and not by more.
    expect(await world.ask()).toBe('uncertified')
  })

  test('is uncertified when an older certificate comes after a younger one', async () => {
    const older = await certify(phone, { iat: startSeconds - 10 })
    const world = createWorld([phone.id], { certificate: older, endorsements: chain })
    expect(await world.ask()).toBe('valid')
    world.said.certificate = await certify(phone)
    expect(await world.ask()).toBe('valid')
    expect(await world.ask()).toBe('valid')
    world.said.certificate = older
    expect(await world.ask()).toBe('uncertified')
    expect(world.details()).toEqual(['A newer certificate was seen before.'])
  })

  test.each(['REVOKED', 'EXPIRED', 'PENDING'] as const)(
    'that is %s is refused for that, certified or not',
    async (state) => {
      const world = createWorld([phone.id], { state, certificate: null, endorsements: null })
      expect(await world.ask()).toBe(state.toLowerCase())
    },
  )

  test('is not let in from before when it is uncertified, though stale answers are served', async () => {
    const said: Said = { certificate: await certify(phone), endorsements: chain }
    const world = createWorld([phone.id], said, { whenUnavailable: 'serve-stale' })
    expect(await world.ask()).toBe('valid')
    said.certificate = null
    expect(await world.ask()).toBe('uncertified')
  })
})

describe('a key of an owner of whom nothing is pinned', () => {
  test('is valid by the key server’s word, and says what to pin', async () => {
    const world = createWorld(null, { certificate: await certify(tablet), endorsements: chain })
    expect(await world.ask()).toBe('valid')
    expect(world.certifiedBy()).toEqual([tablet.id, laptop.id, phone.id])
  })

  test.each<[string, string | null, readonly string[] | null]>([
    ['without a certificate', null, null],
    ['whose signer’s public key is not shown', phoneCertificate, []],
  ])('%s is valid, and says nothing to pin', async (_which, certificate, endorsements) => {
    const world = createWorld(null, { certificate, endorsements })
    expect(await world.ask()).toBe('valid')
    expect(world.certifiedBy()).toBeNull()
  })

  test('is valid when its last endorsement is by a key that is not shown, and names the last one that is', async () => {
    const world = createWorld(null, { certificate: await certify(tablet), endorsements: chain.slice(0, 2) })
    expect(await world.ask()).toBe('valid')
    expect(world.certifiedBy()).toEqual([tablet.id, laptop.id])
  })

  test('leaves nothing behind for the time when he is pinned', async () => {
    let pins: string[] | null = null
    const said: Said = {
      certificate: await certify(thief, { iat: startSeconds + 20 }),
      endorsements: thieves,
    }
    const world = createWorld(null, said, { certificates: { pinsOf: () => pins } })
    expect(await world.ask()).toBe('valid')
    pins = [phone.id]
    Object.assign(said, { certificate: await certify(phone), endorsements: chain })
    expect(await world.ask()).toBe('valid')
  })

  test('is uncertified when what is shown of its certificate is a lie', async () => {
    const world = createWorld(null, {
      certificate: await certify(phone, { aud: 'https://bank.example' }),
      endorsements: chain,
    })
    expect(await world.ask()).toBe('uncertified')
  })
})

describe('pins', () => {
  test.each<[string, () => readonly (string | object)[]]>([
    [
      'that can not be read',
      () => {
        throw new Error('The database is away.')
      },
    ],
    ['that are none', () => ['alice']],
    ['that are no list', () => JSON.parse('""') as string[]],
    ['that are private keys', () => [{ ...phone.signingKey, d: 'AAAA' }]],
  ])('%s let nobody in', async (_what, pinsOf) => {
    const said = { certificate: await certify(phone), endorsements: chain }
    const world = createWorld(null, said, { certificates: { pinsOf } })
    expect(await world.ask()).toBe('unavailable')
    expect(world.details()).toEqual(['The pins of an owner could not be read.'])
  })

  test('that do not come keep nobody else waiting, and their owner for 2 seconds', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const pinsOf = vi.fn(() => new Promise<null>(() => undefined))
      const world = createWorld(
        null,
        { certificate: await certify(phone), endorsements: chain },
        { certificates: { pinsOf } },
      )
      const answered = world.ask()
      while (pinsOf.mock.calls.length === 0) await new Promise((resolve) => setImmediate(resolve))
      await vi.advanceTimersByTimeAsync(2000)
      expect(await answered).toBe('unavailable')
    } finally {
      vi.useRealTimers()
    }
  })

  test('of more endorsements than there may be are not looked at', async () => {
    const world = createWorld([phone.id], {
      certificate: await certify(phone),
      endorsements: Array.from({ length: 17 }, () => chain[2] ?? ''),
    })
    expect(await world.ask()).toBe('unavailable')
  })

  test('are asked for only when the key server is, and nothing is asked of owners without them', async () => {
    let asked = 0
    const said = { certificate: await certify(phone), endorsements: chain }
    const world = createWorld(null, said, {
      cacheSeconds: 60,
      certificates: {
        pinsOf: async () => {
          asked += 1
          return [phone.id]
        },
      },
    })
    expect(await world.ask()).toBe('valid')
    expect(await world.ask()).toBe('valid')
    expect(asked).toBe(1)
    const plain = createWorld(null, { certificate: null, endorsements: null }, { certificates: undefined })
    expect(await plain.ask()).toBe('valid')
    expect(plain.certifiedBy()).toBeNull()
  })
})
