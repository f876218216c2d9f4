import { assertSoundPoint, type PublicJwk } from '../../schema/wire/keys/jwk.ts'
import type { Thumbprint } from '../../schema/wire/brands.ts'
import { canonicalJson, thumbprint as thumbprintOf } from '../../schema/wire/keys/thumbprint.ts'
import { parsePublicKeyForm } from '../../schema/wire/keys/forms/public-key.ts'
import { LruMap } from './lru-map.ts'
import { orUnacceptable } from './verify-public-key.ts'

/** A presented public key, parsed. */
export interface RecognizedKey {
  readonly publicKey: PublicJwk
  /** RFC 7638 SHA-256. */
  readonly thumbprint: Thumbprint
}

/**
 * Parses a public key of any form.
 *
 * @throws {VerifierError} PUBLIC_KEY_INVALID.
 */
export type Recognize = (value: unknown) => Promise<RecognizedKey>

/** Maximum of all cached keys together, in characters. An Ed25519 key has about 80, the largest acceptable one 3,500. */
const charactersMax = 4 * 1024 * 1024

/**
 * Caches parsed keys. Checking a point and hashing it takes a hundred times as long as finding it here, and would be nearly
 * all of the time of a verification that is answered from the cache.
 */
export function keyRecognizer(): Recognize {
  const thumbprints = new LruMap<Thumbprint>({ sizeMax: charactersMax, sizeOf: (json) => json.length })
  return (value) =>
    orUnacceptable(async () => {
      const publicKey = await parsePublicKeyForm(value)
      const json = canonicalJson(publicKey)
      const known = thumbprints.get(json)
      if (known !== undefined) return { publicKey, thumbprint: known }
      assertSoundPoint(publicKey)
      const thumbprint = await thumbprintOf(publicKey)
      thumbprints.set(json, thumbprint)
      return { publicKey, thumbprint }
    })
}
