import type { SigningJwk } from '../../../schema/wire/keys/jwk.ts'
import { InvalidStatement, isFromFuture, parseStatement } from '../../../schema/wire/statements/statement.ts'
import { followEndorsements, maySign, type ListedManagementKey } from '../../trust/follow-endorsements.ts'
import { LruMap } from '../lru-map.ts'
import type { Pins } from './pins.ts'

/** The endorsements that lead from the signer of a certificate to a pin (RFC 5280 §6). */
export interface CertificationPath {
  /** The key that signed the certificate. */
  readonly signingKey: SigningJwk
  /** The ids of the signer, its endorser, and so on to a pinned key or, when none is pinned, to the last known one. */
  readonly keyIds: readonly string[]
}

export interface CertificationQuery {
  readonly owner: string
  /** The signer that the certificate names. */
  readonly kid: string
  /** JWS: the endorsement of the signer first, then that of its endorser, and so on. */
  readonly endorsements: readonly string[]
  readonly pins: Pins | null
}

/**
 * Finds the certification path of a certificate.
 *
 * @returns null when nothing is pinned, and the signer's key is unknown
 * @throws {InvalidStatement} when there is no valid path
 */
export type FindCertificationPath = (query: CertificationQuery) => Promise<CertificationPath | null>

/** Maximum of all cached queries together, in characters. One with three endorsements has some 2,000. */
const charactersMax = 4 * 1024 * 1024

/**
 * Caches paths: the keys of an owner mostly share one, and following 16 endorsements takes 15 ms and more.
 *
 * @param clock.nowMs milliseconds since 1970
 */
export function certificationPathFinder({ nowMs }: { readonly nowMs: () => number }): FindCertificationPath {
  const found = new LruMap<Promise<CertificationPath | null>>({
    sizeMax: charactersMax,
    sizeOf: (key) => key.length,
  })
  return (query) => {
    const { owner, kid, endorsements, pins } = query
    const pinned = pins && [...pins].map(([id, key]) => [id, key !== null])
    const key = JSON.stringify([owner, kid, endorsements, pinned])
    const known = found.get(key)
    if (known !== undefined) return known
    const nowSeconds = nowMs() / 1000
    const path = find(query, nowSeconds)
    found.set(key, path)
    // The caller handles the rejection. A path that is invalid only because of its date may be valid later: not cached.
    path.catch(() => {
      if (endorsements.some((endorsement) => isDatedAhead(endorsement, nowSeconds))) found.delete(key)
    })
    return path
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
  const { trusted, trustErrors } = await followEndorsements(
    [...listed.values()].map(({ key }) => key),
    { owner, own: null, anchors, seen: new Map(), nowSeconds },
  )
  const signer = trusted.get(kid)
  if (signer !== undefined && maySign(signer)) return { signingKey: signer.signingKey, keyIds: path }
  throw new InvalidStatement(
    trustErrors.get(kid) ??
      (signer && 'Its certificate is signed by a VIEWER.') ??
      'No certification path leads from its certificate to a pinned management key.',
  )
}

function isDatedAhead(endorsement: string, nowSeconds: number): boolean {
  try {
    return isFromFuture(parseStatement('claviger-endorsement+jwt', endorsement).payload, nowSeconds)
  } catch {
    // A malformed endorsement has no date, and stays invalid.
    return false
  }
}

interface ListedKey {
  readonly key: ListedManagementKey
  /** The id of its endorser; null when that is the key itself, or unknown. */
  readonly endorser: string | null
}

/** All management keys whose public key is known from an endorsement or a pin. */
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

/** From a key to the first pinned one; when none is pinned, to the last one whose public key is known. */
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
