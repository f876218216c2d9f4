import type { SigningJwk, WrappingJwk } from '../../schema/wire/keys/jwk.ts'
import { thumbprint } from '../../schema/wire/keys/thumbprint.ts'
import { limits } from '../../schema/wire/limits.ts'
import {
  InvalidStatement,
  parseStatement,
  verifyStatement,
  type Endorsement,
} from '../../schema/wire/statements/statement.ts'
import type { ManagementKeyKind } from '../../schema/wire/enums.ts'

/** A management key as the key server lists it, not verified. */
export interface ListedManagementKey {
  readonly id: string
  readonly kind: ManagementKeyKind
  readonly signingKey: SigningJwk
  readonly wrappingKey: WrappingJwk | null
  /** JWS `claviger-endorsement+jwt`. */
  readonly endorsement: string | null
  /** JWS `claviger-revocation+jwt`, by another management key. */
  readonly revocation: string | null
  readonly revokedAt: Date | null
}

/** A management key that is verified to be the owner's. */
export interface TrustedManagementKey {
  /** RFC 7638 thumbprint of `signingKey`, checked. */
  readonly id: string
  /** From its endorsement. A VIEWER's signature is not trusted: see {@link maySign}. */
  readonly kind: ManagementKeyKind
  readonly signingKey: SigningJwk
  /** From its endorsement. Null: it has none, or no verifiable statement contains it. */
  readonly wrappingKey: WrappingJwk | null
  /** The earliest of the date that the key server lists, the dates seen before, and now. */
  readonly revokedAt: Date | null
}

/** The trust anchors of one reader, and what it has seen before. */
export interface TrustRoots {
  /** The account's name. */
  readonly owner: string
  /** The device's own key, from its keystore; null for a reader that is no device of the owner, such as a verifier. */
  readonly own: {
    readonly id: string
    readonly signingKey: SigningJwk
    /** Default: DEVICE. */
    readonly kind?: ManagementKeyKind | undefined
    /** Null: wrapping is symmetric, or it is a VIEWER. */
    readonly wrappingKey: WrappingJwk | null
  } | null
  /** Ids of keys that the device was told of when it was paired or recovered, or of pinned keys. */
  readonly anchors: readonly string[]
  /** Management keys that were seen before, by id: the Unix second of the revocation, null when not revoked. */
  readonly seen: ReadonlyMap<string, number | null>
  /** Management keys whose signed revocation was verified, by id, with the Unix second of its `iat`. Default: none. */
  readonly signedRevocations?: ReadonlyMap<string, number> | undefined
  /** The reader's clock, Unix seconds. */
  readonly nowSeconds: number
}

/** The listed management keys, as far as they are trusted. */
export interface TrustedKeys {
  readonly trusted: ReadonlyMap<string, TrustedManagementKey>
  /** By id, the rule that a listed key breaks. Keys are wrapped for none of these; only anchors among them may be trusted. */
  readonly trustErrors: ReadonlyMap<string, string>
}

/**
 * Finds out which of the listed management keys to trust: the device's own, its anchors, and every key to which a
 * certification path, of valid endorsements, leads from those. Revoked keys are part of paths too: what they endorsed before
 * their revocation stays endorsed. Pass the whole list, revoked keys included.
 *
 * Pure; it never throws. A fault of a key is its trust error, and only affects that key and those that it endorsed.
 */
export async function followEndorsements(
  listed: readonly ListedManagementKey[],
  roots: TrustRoots,
): Promise<TrustedKeys> {
  const trustErrors = new Map<string, string>()
  const candidates = await soundKeys(listed, trustErrors)
  const trusted = new Map<string, TrustedManagementKey>()
  const { own } = roots
  if (own !== null) {
    trusted.set(own.id, {
      ...own,
      kind: own.kind ?? 'DEVICE',
      revokedAt: revocationOf(own.id, candidates.get(own.id), roots),
    })
  }
  for (const id of roots.anchors) {
    const anchor = candidates.get(id)
    if (anchor === undefined || id === own?.id) continue
    const revokedAt = revocationOf(id, anchor, roots)
    const { kind, signingKey } = anchor
    trusted.set(id, { id, kind, signingKey, wrappingKey: null, revokedAt })
  }
  const endorsedBy = groupByEndorser([...candidates.values()])
  // A key that becomes trusted is appended to the queue, and its endorsements are followed in turn. A key has one
  // endorsement and is queued at most once, so cycles end: an unreachable cycle is never entered.
  const queue = [...trusted.values()]
  for (const endorser of queue) {
    for (const key of endorsedBy.get(endorser.id) ?? []) {
      if (key.id === own?.id) continue
      const trustError = await findTrustError(key, endorser, roots)
      const wasTrusted = trusted.has(key.id)
      if (trustError !== null) {
        trustErrors.set(key.id, trustError)
        continue
      }
      const { id, kind, signingKey, wrappingKey } = key
      const found = { id, kind, signingKey, wrappingKey, revokedAt: revocationOf(id, key, roots) }
      trusted.set(id, found)
      if (!wasTrusted) queue.push(found)
    }
  }
  for (const key of candidates.values()) {
    const trustError = await remainingTrustErrorOf(key, trusted.get(key.id))
    if (trustError !== null && !trustErrors.has(key.id)) trustErrors.set(key.id, trustError)
  }
  return { trusted, trustErrors }
}

async function remainingTrustErrorOf(
  key: ListedManagementKey,
  trusted: TrustedManagementKey | undefined,
): Promise<string | null> {
  if (trusted === undefined) return 'No certification path leads to it from a trusted key.'
  const hasListedKey = await isSameKey(trusted.wrappingKey, key.wrappingKey)
  return hasListedKey ? null : 'No verifiable statement contains the listed wrapping key.'
}

/** The keys whose id is unique and the thumbprint of their signing key. */
async function soundKeys(
  listed: readonly ListedManagementKey[],
  trustErrors: Map<string, string>,
): Promise<Map<string, ListedManagementKey>> {
  const sound = new Map<string, ListedManagementKey>()
  for (const key of listed) {
    if (sound.has(key.id) || trustErrors.has(key.id)) {
      sound.delete(key.id)
      trustErrors.set(key.id, 'It is listed more than once.')
    } else if ((await thumbprint(key.signingKey)) === key.id) {
      sound.set(key.id, key)
    } else {
      trustErrors.set(key.id, 'Its id is not the thumbprint of its signing key.')
    }
  }
  return sound
}

/** Groups keys by the `kid` of their endorsement. A malformed endorsement has no endorser. */
function groupByEndorser(keys: readonly ListedManagementKey[]): Map<string, ListedManagementKey[]> {
  const groups = new Map<string, ListedManagementKey[]>()
  for (const key of keys) {
    const endorser = endorserOf(key)
    if (endorser === null) continue
    const group = groups.get(endorser) ?? []
    group.push(key)
    groups.set(endorser, group)
  }
  return groups
}

function endorserOf({ endorsement }: ListedManagementKey): string | null {
  try {
    return endorsement === null ? null : parseStatement('claviger-endorsement+jwt', endorsement).kid
  } catch (error) {
    if (error instanceof InvalidStatement) return null
    throw error
  }
}

/** The rule that a key's endorsement by a trusted key breaks; null when it is valid. */
async function findTrustError(
  key: ListedManagementKey,
  endorser: TrustedManagementKey,
  roots: TrustRoots,
): Promise<string | null> {
  if (!maySign(endorser)) return 'Its endorsement is signed by a VIEWER.'
  try {
    const { signingKey } = endorser
    const endorsement = await verifyStatement('claviger-endorsement+jwt', key.endorsement, {
      signingKey,
      nowSeconds: roots.nowSeconds,
    })
    return await findBrokenRule(endorsement, { key, endorser, roots })
  } catch (error) {
    if (error instanceof InvalidStatement) return `Its endorsement is invalid: ${error.message}`
    throw error
  }
}

async function findBrokenRule(
  endorsement: Endorsement,
  {
    key,
    endorser,
    roots: { owner, seen },
  }: {
    readonly key: ListedManagementKey
    readonly endorser: TrustedManagementKey
    readonly roots: TrustRoots
  },
): Promise<string | null> {
  const hasEndorsedWrappingKey = await isSameKey(endorsement.wrap ?? null, key.wrappingKey)
  const wasEndorserSeenRevoked = typeof seen.get(endorser.id) === 'number'
  const rules: readonly (readonly [isBroken: boolean, trustError: string])[] = [
    [endorsement.iss !== owner, 'Its endorsement is about another account.'],
    // `verifyStatement` checks that `sub` is the thumbprint of `cnf.jwk`, so the signing keys are equal too.
    [endorsement.sub !== key.id, 'Its endorsement is about another key.'],
    [endorsement.kind !== key.kind, 'Its endorsement is about a key of another kind.'],
    [!hasEndorsedWrappingKey, 'Its endorsement is about another wrapping key.'],
    [key.kind === 'VIEWER' && key.wrappingKey !== null, 'It is a VIEWER with a wrapping key.'],
    [
      isAfter(endorsement.iat, endorser.revokedAt),
      'Its endorsement was signed after its signer had been revoked.',
    ],
    [wasEndorserSeenRevoked && !seen.has(key.id), 'It appeared only after its signer had been revoked.'],
  ]
  return rules.find(([isBroken]) => isBroken)?.[1] ?? null
}

/** Whether statements of this key count: a VIEWER reads, and endorses, certifies and revokes nothing. */
export function maySign({ kind }: Pick<TrustedManagementKey, 'kind'>): boolean {
  return kind !== 'VIEWER'
}

/** Whether a statement is newer than a revocation by more than the clock skew of 30 seconds. */
export function isAfter(iat: number, revokedAt: Date | null): boolean {
  return revokedAt !== null && iat - limits.signatureClockSkewSeconds > revokedAt.getTime() / 1000
}

/**
 * Revocation is final, and counts from the earliest known date. The reader's clock bounds it: a key server that lists a
 * date in the future could otherwise use what the revoked key signs until then.
 */
function revocationOf(
  id: string,
  listed: ListedManagementKey | undefined,
  { seen, signedRevocations, nowSeconds }: TrustRoots,
): Date | null {
  const seconds = earliest(seen.get(id) ?? null, signedRevocations?.get(id) ?? null)
  const revokedAt = listed?.revokedAt ?? null
  if (seconds === null && revokedAt === null) return null
  const dates = [seconds ?? Infinity, (revokedAt?.getTime() ?? Infinity) / 1000, nowSeconds]
  return new Date(Math.min(...dates) * 1000)
}

/** The earlier of two Unix seconds; null when both are null. */
export function earliest(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b
  return Math.min(a, b)
}

async function isSameKey(a: WrappingJwk | null, b: WrappingJwk | null): Promise<boolean> {
  if (a === null || b === null) return a === b
  return (await thumbprint(a)) === (await thumbprint(b))
}
