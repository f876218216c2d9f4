import { ed25519 } from '@noble/curves/ed25519.js'
import { decodeBase64url } from '../base64url.ts'
import { InvalidJwk, type PublicJwk } from './jwk.ts'

/**
 * Refuses an Ed25519 point outside the subgroup of prime order, one of mixed order among them: libraries that multiply by
 * the cofactor and those that do not disagree on its signatures (RFC 8032 §5.1.7), so that what one server verifies another
 * refuses. It costs 0.8 ms, so it is for keys that are registered, once each; the key server has a quicker check before it
 * (server/lib/ed25519-subgroup.ts).
 *
 * @throws {InvalidJwk}
 */
export function assertPrimeOrder(jwk: PublicJwk): void {
  if (jwk.kty !== 'OKP' || jwk.crv !== 'Ed25519') return
  const x = decodeBase64url(jwk.x)
  if (x === null || !ed25519.Point.fromBytes(x, false).isTorsionFree()) {
    throw new InvalidJwk('The member "x" must be an Ed25519 point of prime order.')
  }
}
