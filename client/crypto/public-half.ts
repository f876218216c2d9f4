import { decodeBase64url } from '../../schema/wire/base64url.ts'
import type { PublicJwk } from '../../schema/wire/keys/jwk.ts'
import { loaded } from '../loaded.ts'
import { invalidSecret, type Secret } from './transaction-key.ts'

/**
 * Computes the public key from the private one alone: the `x` in a wrapped JWK could be any value.
 *
 * @returns null for a symmetric key.
 * @throws {VaultError} UNWRAP_FAILED when the secret is not a valid key.
 */
export async function publicHalfOf({ algorithm, jwk }: Secret): Promise<PublicJwk | null> {
  if (algorithm === 'A256GCM') return null
  const d = decodeBase64url(jwk['d'] ?? '')
  if (d?.length !== 32) throw invalidSecret()
  const x = algorithm === 'P-256' ? null : await computeByWebCrypto(algorithm, d)
  if (algorithm !== 'P-256' && x !== null) return { kty: 'OKP', crv: algorithm, x }
  // 25 kB that few need: for P-256, since not every browser imports its private keys without the public ones, and for
  // browsers without the other two, which wrap such keys for other devices all the same.
  const { arithmetic } = await loaded(import('./arithmetic.ts'))
  try {
    return arithmetic[algorithm](d)
  } catch {
    throw invalidSecret()
  }
}

/** PKCS #8 without a public key, up to the 32 bytes of the private one (RFC 8410 §7): OIDs 1.3.101.112 and 1.3.101.110. */
const prefixes = { Ed25519: pkcs8Prefix(112), X25519: pkcs8Prefix(110) } as const

function pkcs8Prefix(curve: number): readonly number[] {
  return [0x30, 46, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 101, curve, 4, 34, 4, 32]
}

/** The member `x`; null where Web Crypto does not compute it. */
async function computeByWebCrypto(
  name: keyof typeof prefixes,
  d: Uint8Array<ArrayBuffer>,
): Promise<string | null> {
  const usages: KeyUsage[] = name === 'Ed25519' ? ['sign'] : ['deriveBits']
  try {
    const pkcs8 = Uint8Array.of(...prefixes[name], ...d)
    const key = await crypto.subtle.importKey('pkcs8', pkcs8, { name }, true, usages)
    return (await crypto.subtle.exportKey('jwk', key)).x ?? null
  } catch {
    return null
  }
}
