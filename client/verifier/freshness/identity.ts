import { parseSigningJwk, thumbprint, type SigningJwk } from '../../../schema/wire/keys/jwk.ts'
import type { SignatureAlgorithm } from '../../../schema/wire/signatures/http-signature.ts'

/** An application server's own key pair, with which it proves itself to the key server: Ed25519 or P-256. */
export interface ApplicationServerIdentity {
  /** The private key as a JWK, or a pair of keys whose private half may stay where it is. */
  readonly signingKey: JsonWebKey | CryptoKeyPair
}

export interface ImportedIdentity {
  /** RFC 7638 thumbprint: what `/.well-known/claviger.json` lists. */
  readonly keyid: string
  readonly alg: SignatureAlgorithm
  readonly publicKey: SigningJwk
  readonly privateKey: CryptoKey
}

/** @throws {InvalidJwk} when it is no key that can sign. @throws {TypeError} when a JWK has no private half. */
export async function importIdentity({ signingKey }: ApplicationServerIdentity): Promise<ImportedIdentity> {
  if (isPair(signingKey)) {
    const publicKey = parseSigningJwk(await crypto.subtle.exportKey('jwk', signingKey.publicKey))
    return describe(publicKey, signingKey.privateKey)
  }
  const { d, ...rest } = signingKey
  const publicKey = parseSigningJwk(rest)
  if (d === undefined) throw new TypeError('The identity is a private key.')
  const parameters = publicKey.kty === 'OKP' ? { name: 'Ed25519' } : { name: 'ECDSA', namedCurve: 'P-256' }
  const privateKey = await crypto.subtle.importKey('jwk', { ...publicKey, d }, parameters, false, ['sign'])
  return describe(publicKey, privateKey)
}

/**
 * The id of an application server's key, RFC 7638: what its `/.well-known/claviger.json` lists before the key is
 * registered, and the operator of a key server approves.
 *
 * @throws as {@link importIdentity}
 */
export async function applicationServerKeyId(identity: ApplicationServerIdentity): Promise<string> {
  const { keyid } = await importIdentity(identity)
  return keyid
}

async function describe(publicKey: SigningJwk, privateKey: CryptoKey): Promise<ImportedIdentity> {
  const alg = publicKey.kty === 'OKP' ? 'ed25519' : 'ecdsa-p256-sha256'
  return { keyid: await thumbprint(publicKey), alg, publicKey, privateKey }
}

function isPair(key: JsonWebKey | CryptoKeyPair): key is CryptoKeyPair {
  return 'privateKey' in key
}
