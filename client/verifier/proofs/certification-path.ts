import { LRUCache } from 'lru-cache'
import type { SigningJwk } from '../../../schema/wire/keys/jwk.ts'
import { InvalidStatement, isFromFuture, parseStatement } from '../../../schema/wire/statements/statement.ts'
import { followEndorsements, type ListedManagementKey } from '../../trust/chain.ts'
import type { Pins } from './pins.ts'

/** The management key that signed a certificate, and those that stand behind it. */
export interface CertificationPath {
  readonly signingKey: SigningJwk
  /** Ids: the signer's, that of who endorsed it, and so on to one that is pinned or, when none is, the last that is known. */
  readonly keyIds: readonly string[]
}

export interface CertificationQuery {
  readonly owner: string
  /** Who says to have signed the certificate. */
  readonly kid: string
  /** JWS: the endorsement of the signer first, then that of who signed this one, and so on. */
  readonly endorsements: readonly string[]
  readonly pins: Pins | null
}

/**
 * Finds the voucher of a certificate.
 *
 * @returns null when nothing is pinned, and nothing is known of the signer
 * @throws {InvalidStatement} when it has none
 */
export type FindCertificationPath = (question: CertificationQuery) => Promise<CertificationPath | null>

/** Of everything that is remembered together. A chain of three has some 2,000. */
const charactersMax = 4 * 1024 * 1024

/**
 * Remembers what it has found: an owner's keys have one chain, and to follow 16 endorsements takes 15 ms and more.
 *
 * @param clock.nowMs milliseconds since 1970
 */
export function certificationPathFinder({ nowMs }: { readonly nowMs: () => number }): FindCertificationPath {
  const found = new LRUCache<string, Promise<CertificationPath | null>>({
    maxSize: charactersMax,
    sizeCalculation: (_voucher, key) => key.length,
  })
  return (question) => {
    const { owner, kid, endorsements, pins } = question
    const pinned = pins && [...pins].map(([id, key]) => [id, key !== null])
    const key = JSON.stringify([owner, kid, endorsements, pinned])
    const known = found.get(key)
    if (known !== undefined) return known
    const nowSeconds = nowMs() / 1000
    const voucher = find(question, nowSeconds)
    found.set(key, voucher)
    // What it says is for who asked; kept, it is nobody's fault. What is refused because of its date may be right later.
    voucher.catch(() => {
      if (endorsements.some((endorsement) => isDatedAhead(endorsement, nowSeconds))) found.delete(key)
    })
    return voucher
  }
}

async function find(
  { owner, kid, endorsements, pins }: CertificationQuery,
  nowSeconds: number,
): Promise<CertificationPath | null> {
  const listed = listKeys(endorsements, pins)
  if (pins === null && !listed.has(kid)) return null
  const path = pathFrom(kid, { listed, pins })
  const anchors = pins === null ? path.slice(-1) : [...pins.keys()]
  const { trusted, trustErrors: doubts } = await followEndorsements(
    [...listed.values()].map(({ key }) => key),
    { owner, own: null, anchors, remembered: new Map(), nowSeconds },
  )
  const signer = trusted.get(kid)
  if (signer !== undefined) return { signingKey: signer.signingKey, keyIds: path }
  throw new InvalidStatement(doubts.get(kid) ?? 'No pinned management key stands behind its certificate.')
}

function isDatedAhead(endorsement: string, nowSeconds: number): boolean {
  try {
    return isFromFuture(parseStatement('claviger-endorsement+jwt', endorsement).payload, nowSeconds)
  } catch {
    // What can not be read has no date, and stays refused.
    return false
  }
}

interface ListedKey {
  readonly key: ListedManagementKey
  /** The id of who endorsed it; null for nobody else. */
  readonly endorser: string | null
}

/** All management keys whose public key is known: from their endorsements, or because they are pinned. */
function listKeys(endorsements: readonly string[], pins: Pins | null): Map<string, ListedKey> {
  const listed = new Map<string, ListedKey>()
  for (const [id, key] of pins ?? []) if (key !== null) listed.set(id, { key, endorser: null })
  for (const endorsement of endorsements) {
    const { kid, payload } = parseStatement('claviger-endorsement+jwt', endorsement)
    const { sub: id, kind, cnf, wrap: wrappingKey = null } = payload
    const key = { id, kind, signingKey: cnf.jwk, wrappingKey, endorsement, revocation: null, revokedAt: null }
    listed.set(id, { key, endorser: kid === id ? null : kid })
  }
  return listed
}

/** To the first key that is pinned. When none is, to the last one whose public key is known: there is no further to look. */
function pathFrom(
  kid: string,
  { listed, pins }: { readonly listed: ReadonlyMap<string, ListedKey>; readonly pins: Pins | null },
): string[] {
  const path = [kid]
  for (let id = kid; !pins?.has(id);) {
    const endorser = listed.get(id)?.endorser ?? null
    if (endorser === null || path.includes(endorser)) break
    if (pins === null && !listed.has(endorser)) break
    path.push(endorser)
    id = endorser
  }
  return path
}
