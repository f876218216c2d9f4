import { describe, expect, test } from 'vitest'
import {
  generateManagementKey,
  publicManagementKey,
  type ManagementKey,
} from '../../../client/crypto/management-key.ts'
import {
  followEndorsements,
  maySign,
  type ListedManagementKey,
} from '../../../client/trust/follow-endorsements.ts'
import { statementSigner } from '../../../client/trust/endorse.ts'
import { signManagementKeyRevocation, signedRevocations } from '../../../client/trust/revocations.ts'
import { signStatement, type Endorsement } from '../../../schema/wire/statements/statement.ts'

const owner = 'alice'
const now = 1_795_414_860

const create = (signingAlgorithm: 'Ed25519' | 'P-256' = 'Ed25519') =>
  generateManagementKey({ signingAlgorithm, extractable: false })

interface Listing {
  readonly by?: ManagementKey | null
  readonly claims?: Partial<Endorsement>
  /** The endorsement is of no wrapping key. */
  readonly isWithoutWrap?: boolean
  readonly row?: Partial<ListedManagementKey>
}

/** A key as it is listed, endorsed by another one; by null, it has no endorsement. */
async function list(
  key: ManagementKey,
  { by = key, claims = {}, isWithoutWrap = false, row = {} }: Listing = {},
): Promise<ListedManagementKey> {
  const { signingKey, wrappingKey } = await publicManagementKey(key)
  const base = { v: 1, iss: owner, sub: key.id, iat: now, kind: 'DEVICE' } as const
  const payload: Endorsement = {
    ...base,
    cnf: { jwk: signingKey },
    ...(!isWithoutWrap && { wrap: wrappingKey }),
    ...claims,
  }
  const endorsement =
    by === null ? null : await signStatement('claviger-endorsement+jwt', payload, statementSigner(by))
  return {
    id: key.id,
    kind: 'DEVICE',
    signingKey,
    wrappingKey,
    endorsement,
    revocation: null,
    revokedAt: null,
    ...row,
  }
}

async function follow(
  own: ManagementKey,
  listed: readonly ListedManagementKey[],
  {
    anchors = [],
    seen = [],
    nowSeconds = now + 2000,
  }: {
    anchors?: readonly string[]
    seen?: readonly (readonly [string, number | null])[]
    nowSeconds?: number
  } = {},
) {
  const roots = { owner, own: { id: own.id, ...(await publicManagementKey(own)) } }
  return followEndorsements(listed, { ...roots, anchors, nowSeconds, seen: new Map(seen) })
}

describe('a management key is trusted', () => {
  test('when it is that of the device, whatever is listed', async () => {
    const own = await create()
    const { trusted, trustErrors } = await follow(own, [])
    expect([...trusted.keys()]).toEqual([own.id])
    expect(trustErrors.size).toBe(0)
  })

  test('when a certification path leads to it, in whatever order it is listed', async () => {
    const [own, second, third] = [await create(), await create('P-256'), await create()]
    const listed = [await list(third, { by: second }), await list(second, { by: own }), await list(own)]
    const { trusted, trustErrors } = await follow(own, listed)
    expect(new Set(trusted.keys())).toEqual(new Set([own.id, second.id, third.id]))
    expect(trustErrors.size).toBe(0)
    expect(trusted.get(third.id)).toMatchObject(await publicManagementKey(third))
  })

  test('when it is an anchor, and so is what the anchor endorses', async () => {
    const [own, first, recovery] = [await create(), await create(), await create()]
    const listed = [
      await list(first),
      await list(recovery, { by: first, claims: { kind: 'RECOVERY' }, row: { kind: 'RECOVERY' } }),
      await list(own, { by: first }),
    ]
    expect((await follow(own, listed)).trusted.size).toBe(1)
    const { trusted, trustErrors } = await follow(own, listed, { anchors: [first.id] })
    expect(trusted.size).toBe(3)
    expect(trustErrors.size).toBe(0)
    expect(trusted.get(first.id)?.wrappingKey).toEqual((await publicManagementKey(first)).wrappingKey)
  })

  test('when its endorser was revoked only later', async () => {
    const [own, lost, phone] = [await create(), await create(), await create()]
    const revokedAt = new Date((now + 1000) * 1000)
    const listed = [
      await list(own),
      await list(lost, { by: own, row: { revokedAt } }),
      await list(phone, { by: lost }),
    ]
    const { trusted } = await follow(own, listed)
    expect(trusted.get(phone.id)).toMatchObject({ revokedAt: null })
    expect(trusted.get(lost.id)).toMatchObject({ revokedAt })
  })
})

describe('a management key is not trusted', () => {
  test('when it endorses itself, or has no endorsement', async () => {
    const [own, selfish, bare] = [await create(), await create(), await create()]
    const { trusted, trustErrors } = await follow(own, [
      await list(own),
      await list(selfish),
      await list(bare, { by: null }),
    ])
    expect(trusted.size).toBe(1)
    expect([...trustErrors.keys()]).toEqual([selfish.id, bare.id])
    expect(trustErrors.get(selfish.id)).toMatch(/certification path/)
  })

  test('when it is in a circle that no trusted key leads into', async () => {
    const [own, a, b, c] = [await create(), await create(), await create(), await create()]
    const circle = [await list(a, { by: c }), await list(b, { by: a }), await list(c, { by: b })]
    const { trusted, trustErrors } = await follow(own, [await list(own), ...circle])
    expect(trusted.size).toBe(1)
    expect(trustErrors.size).toBe(3)
  })

  test('when it is listed twice: neither entry is trusted', async () => {
    const [own, a, b] = [await create(), await create(), await create()]
    const listed = [await list(a, { by: own }), await list(a, { by: b }), await list(b, { by: a })]
    const { trusted, trustErrors } = await follow(own, listed)
    expect(trusted.size).toBe(1)
    expect(trustErrors.get(a.id)).toMatch(/more than once/)
    expect(trustErrors.has(b.id)).toBe(true)
  })

  const claims: readonly { readonly wrong: string; readonly trustError: RegExp; readonly change: Listing }[] =
    [
      { wrong: 'iss', trustError: /another account/, change: { claims: { iss: 'mallory' } } },
      { wrong: 'kind', trustError: /another kind/, change: { claims: { kind: 'RECOVERY' } } },
      { wrong: 'listed kind', trustError: /another kind/, change: { row: { kind: 'RECOVERY' } } },
      {
        wrong: 'listed wrapping key',
        trustError: /another wrapping key/,
        change: { row: { wrappingKey: null } },
      },
    ]

  test.each(claims)(
    'when a claim of its endorsement does not match: $wrong',
    async ({ trustError, change }) => {
      const [own, key] = [await create(), await create()]
      expect((await follow(own, [await list(key, { by: own })])).trusted.has(key.id)).toBe(true)
      const { trusted, trustErrors } = await follow(own, [await list(key, { by: own, ...change })])
      expect(trusted.has(key.id)).toBe(false)
      expect(trustErrors.get(key.id)).toMatch(trustError)
    },
  )

  test('when its endorsement is about another key', async () => {
    const [own, key, other] = [await create(), await create(), await create()]
    const { endorsement } = await list(other, { by: own })
    const { trusted, trustErrors } = await follow(own, [await list(key, { row: { endorsement } })])
    expect(trusted.has(key.id)).toBe(false)
    expect(trustErrors.get(key.id)).toMatch(/another key/)
  })

  test('when its id is not the thumbprint of its signing key', async () => {
    const [own, key, other] = [await create(), await create(), await create()]
    const { signingKey } = await publicManagementKey(other)
    const { trustErrors } = await follow(own, [await list(key, { by: own, row: { signingKey } })])
    expect(trustErrors.get(key.id)).toMatch(/thumbprint/)
  })

  test('when another key signed its endorsement under a trusted `kid`', async () => {
    const [own, key, mallory] = [await create(), await create(), await create()]
    const impostor = { ...mallory, id: own.id }
    const { trusted, trustErrors } = await follow(own, [await list(key, { by: impostor })])
    expect(trusted.has(key.id)).toBe(false)
    expect(trustErrors.get(key.id)).toMatch(/signature/)
  })

  test('when the algorithm of its endorsement is not the one of its endorser', async () => {
    const [own, key, p256] = [await create(), await create(), await create('P-256')]
    const impostor = { ...p256, id: own.id }
    const { trustErrors } = await follow(own, [await list(key, { by: impostor })])
    expect(trustErrors.get(key.id)).toMatch(/"alg"/)
  })

  test.each(['', 'x', 'a.b.c', 'A'.repeat(20_000)])(
    'when its endorsement is none: %#',
    async (endorsement) => {
      const [own, key] = [await create(), await create()]
      const { trusted, trustErrors } = await follow(own, [await list(key, { row: { endorsement } })])
      expect(trusted.has(key.id)).toBe(false)
      expect(trustErrors.has(key.id)).toBe(true)
    },
  )

  test('when its endorsement is a statement of another type', async () => {
    const [own, key] = [await create(), await create()]
    const { endorsement } = await list(key, { by: own })
    const parts = (endorsement ?? '').split('.')
    const header = { ...JSON.parse(atob(parts[0] ?? '')), typ: 'claviger-proof+jwt' }
    const other = [btoa(JSON.stringify(header)).replaceAll('=', ''), ...parts.slice(1)].join('.')
    expect((await follow(own, [await list(key, { row: { endorsement: other } })])).trusted.size).toBe(1)
  })

  test('when its endorser signed after having been revoked', async () => {
    const [own, stolen, invented] = [await create(), await create(), await create()]
    const listed = [
      await list(stolen, { by: own, row: { revokedAt: new Date((now - 1000) * 1000) } }),
      await list(invented, { by: stolen }),
    ]
    const { trusted, trustErrors } = await follow(own, listed)
    expect(trusted.has(invented.id)).toBe(false)
    expect(trustErrors.get(invented.id)).toMatch(/revoked/)
  })

  test('when its endorser was revoked, whatever future date the key server gives the revocation', async () => {
    const [own, stolen, invented] = [await create(), await create(), await create()]
    const revokedAt = new Date((now + 365 * 86_400) * 1000)
    const later = { iat: now + 100 }
    const listed = [
      await list(stolen, { by: own, row: { revokedAt } }),
      await list(invented, { by: stolen, claims: later }),
    ]
    // It was seen to be revoked before the endorsement was made: by this reader's clock, then by its trust state.
    const known = { seen: [[stolen.id, now]] as const, nowSeconds: now + 100 }
    const { trusted, trustErrors } = await follow(own, listed, known)
    expect(trusted.get(stolen.id)?.revokedAt).toEqual(new Date(now * 1000))
    expect(trustErrors.get(invented.id)).toMatch(/revoked/)
    const first = await follow(own, listed, { nowSeconds: now })
    expect(first.trusted.get(stolen.id)?.revokedAt).toEqual(new Date(now * 1000))
  })

  test('when its endorser was revoked, however late the date seen before is: the earliest one counts', async () => {
    const [own, stolen] = [await create(), await create()]
    const listed = [await list(stolen, { by: own, row: { revokedAt: new Date((now - 5) * 1000) } })]
    const { trusted } = await follow(own, listed, { seen: [[stolen.id, now + 86_400 * 365]] })
    expect(trusted.get(stolen.id)?.revokedAt).toEqual(new Date((now - 5) * 1000))
  })

  test('when its endorsement is dated more than 30 seconds ahead of the reader', async () => {
    const [own, key] = [await create(), await create()]
    const listed = [await list(key, { by: own })]
    expect((await follow(own, listed, { nowSeconds: now - 30 })).trusted.has(key.id)).toBe(true)
    const { trusted, trustErrors } = await follow(own, listed, { nowSeconds: now - 31 })
    expect(trusted.has(key.id)).toBe(false)
    expect(trustErrors.get(key.id)).toMatch(/ahead/)
  })

  test('when it appears, dated back, after its endorser was known to be revoked', async () => {
    const [own, stolen, invented] = [await create(), await create(), await create()]
    const listed = [
      await list(stolen, { by: own, row: { revokedAt: new Date((now + 9) * 1000) } }),
      await list(invented, { by: stolen, claims: { iat: now - 5000 } }),
    ]
    const knew = [
      [own.id, null],
      [stolen.id, now + 9],
    ] as const
    expect((await follow(own, listed, { seen: knew })).trustErrors.get(invented.id)).toMatch(/only after/)
    // A reader that has seen the key before still trusts it; one that has seen neither cannot tell.
    const both = [...knew, [invented.id, null]] as const
    expect((await follow(own, listed, { seen: both })).trusted.has(invented.id)).toBe(true)
    expect((await follow(own, listed)).trusted.has(invented.id)).toBe(true)
  })

  test('and nothing that it endorses either, when an anchor is not listed', async () => {
    const [own, first, phone] = [await create(), await create(), await create()]
    const { trusted } = await follow(own, [await list(phone, { by: first })], { anchors: [first.id] })
    expect([...trusted.keys()]).toEqual([own.id])
  })
})

describe('a VIEWER', () => {
  const row = { kind: 'VIEWER', wrappingKey: null } as const
  const asViewer = { claims: { kind: 'VIEWER' }, isWithoutWrap: true, row } as const

  test('is the owner’s, and may sign nothing: what it endorses is not trusted', async () => {
    const [own, viewer, invented] = [await create(), await create(), await create()]
    const listed = [await list(viewer, { by: own, ...asViewer }), await list(invented, { by: viewer })]
    const { trusted, trustErrors } = await follow(own, listed)
    expect([...trusted.keys()]).toEqual([own.id, viewer.id])
    expect([...trusted.values()].map(maySign)).toEqual([true, false])
    expect(trustErrors).toEqual(new Map([[invented.id, 'Its endorsement is signed by a VIEWER.']]))
  })

  test('that is listed as another kind, or with a wrapping key, is not trusted', async () => {
    const [own, disguised, wrapping] = [await create(), await create(), await create()]
    const listed = [
      await list(disguised, { by: own, ...asViewer, row: { ...row, kind: 'DEVICE' } }),
      await list(wrapping, { by: own, claims: { kind: 'VIEWER' }, row: { kind: 'VIEWER' } }),
    ]
    const { trusted, trustErrors } = await follow(own, listed)
    expect([...trusted.keys()]).toEqual([own.id])
    expect([...trustErrors.values()]).toEqual([
      'Its endorsement is about a key of another kind.',
      expect.stringContaining('VIEWER'),
    ])
  })

  test('revokes nobody', async () => {
    const [own, viewer, phone] = [await create(), await create(), await create()]
    const revocation = (managementKey: ManagementKey) =>
      signManagementKeyRevocation(phone.id, { owner, managementKey, nowSeconds: now })
    const listed = [await list(viewer, { by: own, ...asViewer }), await list(phone, { by: own })]
    const { trusted } = await follow(own, listed)
    const revokedBy = async (managementKey: ManagementKey) => {
      const keys = listed.map(async (key) =>
        key.id === phone.id ? { ...key, revocation: await revocation(managementKey) } : key,
      )
      const revoked = await signedRevocations(await Promise.all(keys), { owner, trusted, nowSeconds: now })
      return [...revoked.keys()]
    }
    expect(await revokedBy(viewer)).toEqual([])
    expect(await revokedBy(own)).toEqual([phone.id])
  })
})

test('an anchor whose wrapping key was exchanged still signs, and is not wrapped for', async () => {
  const [own, first, mallory] = [await create(), await create(), await create()]
  const { wrappingKey } = await publicManagementKey(mallory)
  const { trusted, trustErrors } = await follow(own, [await list(first, { row: { wrappingKey } })], {
    anchors: [first.id],
  })
  expect(trusted.get(first.id)).toMatchObject({ wrappingKey: null })
  expect(trustErrors.get(first.id)).toMatch(/wrapping key/)
})

test('a thousand management keys are verified within ten seconds', async () => {
  const own = await create()
  const keys = await Promise.all(Array.from({ length: 1000 }, () => create()))
  const path = keys.map((key, index) => list(key, { by: keys[index - 1] ?? own }))
  const listed = await Promise.all(path)
  const started = performance.now()
  const { trusted } = await follow(own, listed.toReversed())
  expect(trusted.size).toBe(1001)
  expect(performance.now() - started).toBeLessThan(10_000)
})
