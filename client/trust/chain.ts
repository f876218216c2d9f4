import { thumbprint, type SigningJwk, type WrappingJwk } from '../../schema/wire/keys/jwk.ts'
import { limits } from '../../schema/wire/limits.ts'
import {
  InvalidStatement,
  parseStatement,
  verifyStatement,
  type Endorsement,
} from '../../schema/wire/statements/statement.ts'
import type { ManagementKeyKind } from '../../schema/wire/enums.ts'

/** A management key as the key server lists it. Nothing of it is to be believed. */
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

/** A management key that is believed to be the owner's. */
export interface TrustedManagementKey {
  /** RFC 7638 thumbprint of `signingKey`, checked. */
  readonly id: string
  readonly signingKey: SigningJwk
  /** As its endorsement says. Null: it has none, or no statement that could be checked says which. */
  readonly wrappingKey: WrappingJwk | null
  /** The earliest of what the key server says, what was listed before, and when this reader first saw that it is revoked. */
  readonly revokedAt: Date | null
}

/** Where trust begins, for one device. */
export interface TrustRoots {
  /** The account's name. */
  readonly owner: string
  /** The device's own key, from its keystore; null for who is no device of the owner's. */
  readonly own: {
    readonly id: string
    readonly signingKey: SigningJwk
    /** Null: wrapping is symmetric. */
    readonly wrappingKey: WrappingJwk | null
  } | null
  /** Ids of keys that the device was told to trust when it was paired or recovered. */
  readonly anchors: readonly string[]
  /** Management keys that were listed before, by id: in what second they were revoked, null when they were not. */
  readonly remembered: ReadonlyMap<string, number | null>
  /** Management keys whose signed revocation was verified, by id, and in what second it was signed. Default: none. */
  readonly signedRevocations?: ReadonlyMap<string, number> | undefined
  /** The reader's clock, Unix seconds. */
  readonly nowSeconds: number
}

export interface EndorsementChains {
  readonly trusted: ReadonlyMap<string, TrustedManagementKey>
  /** By id, which rule a listed key breaks. None of these is to be wrapped for, and only a root may be trusted still. */
  readonly trustErrors: ReadonlyMap<string, string>
}

/**
 * Finds out which of the listed management keys to trust: the device's own, its anchors, and every key to which an
 * unbroken chain of endorsements leads from those. Revoked keys are links of chains too: what they endorsed before stays
 * endorsed. Give the whole list, revoked ones included.
 *
 * Pure, and never throws: whatever is wrong with a key is its doubt, and of others only those suffer that it endorsed.
 */
export async function followEndorsements(
  listed: readonly ListedManagementKey[],
  roots: TrustRoots,
): Promise<EndorsementChains> {
  const doubts = new Map<string, string>()
  const candidates = await soundKeys(listed, doubts)
  const trusted = new Map<string, TrustedManagementKey>()
  const { own } = roots
  if (own !== null) {
    trusted.set(own.id, { ...own, revokedAt: revocationOf(own.id, candidates.get(own.id), roots) })
  }
  for (const id of roots.anchors) {
    const anchor = candidates.get(id)
    if (anchor === undefined || id === own?.id) continue
    const revokedAt = revocationOf(id, anchor, roots)
    trusted.set(id, { id, signingKey: anchor.signingKey, wrappingKey: null, revokedAt })
  }
  const endorsedBy = groupByEndorser([...candidates.values()])
  // Whoever becomes trusted is appended, and his endorsements are looked at in turn. A key has one endorsement, so it is
  // looked at once: a cycle that no root leads into is never entered, and one that it leads into ends where it began.
  const queue = [...trusted.values()]
  for (const endorser of queue) {
    for (const key of endorsedBy.get(endorser.id) ?? []) {
      if (key.id === own?.id) continue
      const doubt = await doubtOf(key, endorser, roots)
      const wasTrusted = trusted.has(key.id)
      if (doubt !== null) {
        doubts.set(key.id, doubt)
        continue
      }
      const { id, signingKey, wrappingKey } = key
      const found = { id, signingKey, wrappingKey, revokedAt: revocationOf(id, key, roots) }
      trusted.set(id, found)
      if (!wasTrusted) queue.push(found)
    }
  }
  for (const key of candidates.values()) {
    const doubt = await remainingDoubtOf(key, trusted.get(key.id))
    if (doubt !== null && !doubts.has(key.id)) doubts.set(key.id, doubt)
  }
  return { trusted, trustErrors: doubts }
}

async function remainingDoubtOf(
  key: ListedManagementKey,
  trusted: TrustedManagementKey | undefined,
): Promise<string | null> {
  if (trusted === undefined) return 'No chain of endorsements leads to it from a key that is trusted.'
  const hasListedKey = await isSameKey(trusted.wrappingKey, key.wrappingKey)
  return hasListedKey ? null : 'Nothing that can be checked says that its wrapping key is the listed one.'
}

/** Keys whose id is theirs alone and the thumbprint of their signing key. */
async function soundKeys(
  listed: readonly ListedManagementKey[],
  doubts: Map<string, string>,
): Promise<Map<string, ListedManagementKey>> {
  const sound = new Map<string, ListedManagementKey>()
  for (const key of listed) {
    if (sound.has(key.id) || doubts.has(key.id)) {
      sound.delete(key.id)
      doubts.set(key.id, 'It is listed more than once.')
    } else if ((await thumbprint(key.signingKey)) === key.id) {
      sound.set(key.id, key)
    } else {
      doubts.set(key.id, 'Its id is not the thumbprint of its signing key.')
    }
  }
  return sound
}

/** By the `kid` that each endorsement names. What can not be read has no endorser. */
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

/** Which rule a key's endorsement by a trusted key breaks; null when none. */
async function doubtOf(
  key: ListedManagementKey,
  endorser: TrustedManagementKey,
  { owner, remembered, nowSeconds }: TrustRoots,
): Promise<string | null> {
  let endorsement: Endorsement
  try {
    const { signingKey } = endorser
    endorsement = await verifyStatement('claviger-endorsement+jwt', key.endorsement, {
      signingKey,
      nowSeconds,
    })
  } catch (error) {
    if (error instanceof InvalidStatement) return `Its endorsement is none: ${error.message}`
    throw error
  }
  if (endorsement.iss !== owner) return 'Its endorsement is about another account.'
  // That `sub` is the thumbprint of `cnf.jwk` is a part of a right endorsement, so the signing keys are equal too.
  if (endorsement.sub !== key.id) return 'Its endorsement is about another key.'
  if (endorsement.kind !== key.kind) return 'Its endorsement is about a key of another kind.'
  if (!(await isSameKey(endorsement.wrap ?? null, key.wrappingKey))) {
    return 'Its endorsement is about another wrapping key.'
  }
  if (isAfter(endorsement.iat, endorser.revokedAt)) {
    return 'Its endorsement was signed after its signer had been revoked.'
  }
  const wasKnownAsRevoked = typeof remembered.get(endorser.id) === 'number'
  if (wasKnownAsRevoked && !remembered.has(key.id)) {
    return 'It appeared only after its signer had been revoked.'
  }
  return null
}

/** Whether a statement is younger than a revocation, by more than clocks may differ. */
export function isAfter(iat: number, revokedAt: Date | null): boolean {
  return revokedAt !== null && iat - limits.signatureClockSkewSeconds > revokedAt.getTime() / 1000
}

/**
 * Revocation is final, and counts from the earliest word of it. The reader's own clock is one: dated later or into the
 * future, it would make the key server believed about what the revoked key signs until then.
 */
function revocationOf(
  id: string,
  listed: ListedManagementKey | undefined,
  { remembered, signedRevocations, nowSeconds }: TrustRoots,
): Date | null {
  const seconds = earliest(remembered.get(id) ?? null, signedRevocations?.get(id) ?? null)
  const revokedAt = listed?.revokedAt ?? null
  if (seconds === null && revokedAt === null) return null
  const words = [seconds ?? Infinity, (revokedAt?.getTime() ?? Infinity) / 1000, nowSeconds]
  return new Date(Math.min(...words) * 1000)
}

/** The earlier of two seconds; null when there is neither. */
export function earliest(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b
  return Math.min(a, b)
}

async function isSameKey(a: WrappingJwk | null, b: WrappingJwk | null): Promise<boolean> {
  if (a === null || b === null) return a === b
  return (await thumbprint(a)) === (await thumbprint(b))
}
