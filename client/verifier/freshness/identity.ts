import { InvalidJwk, parseSigningJwk, type SigningJwk } from '../../../schema/wire/keys/jwk.ts'
import { thumbprint } from '../../../schema/wire/keys/thumbprint.ts'
import type { PrivateJwk, WebCryptoKeyPair } from '../../../schema/wire/keys/web-crypto-key.ts'
import type { SignatureAlgorithm } from '../../../schema/wire/signatures/http-signature.ts'
import { VerifierError } from '../../verifier-error.ts'

/** An application server's own key pair, with which it authenticates to the key server: Ed25519 or P-256. */
export interface ApplicationServerIdentity {
  /** The private key as a JWK, or a WebCrypto key pair, whose private key need not be extractable. */
  readonly signingKey: PrivateJwk | WebCryptoKeyPair
}

export interface ImportedIdentity {
  /** RFC 7638 thumbprint, as `/.well-known/claviger.json` lists it. */
  readonly keyid: string
  readonly alg: SignatureAlgorithm
  readonly publicKey: SigningJwk
  readonly privateKey: CryptoKey
}

/** @throws {VerifierError} SIGNING_KEY_INVALID when it is not a key pair that can sign. */
export async function importIdentity({ signingKey }: ApplicationServerIdentity): Promise<ImportedIdentity> {
  try {
    return await importKey(signingKey)
  } catch (error) {
    // WebCrypto's own errors name no rule that would help.
    const rule =
      error instanceof InvalidJwk ? error.message : 'It is the private key of an Ed25519 or P-256 pair.'
    throw new VerifierError('SIGNING_KEY_INVALID', `The signing key is not acceptable. ${rule}`)
  }
}

async function importKey(signingKey: ApplicationServerIdentity['signingKey']): Promise<ImportedIdentity> {
  if (isPair(signingKey)) {
    const publicKey = parseSigningJwk(await crypto.subtle.exportKey('jwk', signingKey.publicKey))
    return describe(publicKey, signingKey.privateKey)
  }
  const { d, ...rest } = signingKey
  const publicKey = parseSigningJwk(rest)
  if (d === undefined) throw new InvalidJwk('It must be a private key, with the member "d".')
  const parameters = publicKey.kty === 'OKP' ? { name: 'Ed25519' } : { name: 'ECDSA', namedCurve: 'P-256' }
  const privateKey = await crypto.subtle.importKey('jwk', { ...publicKey, d }, parameters, false, ['sign'])
  return describe(publicKey, privateKey)
}

/**
 * The id of an application server's key, its RFC 7638 thumbprint: `/.well-known/claviger.json` of the application server
 * lists it, and the operator of a key server can approve it, before the key is registered.
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

function isPair(key: PrivateJwk | WebCryptoKeyPair): key is WebCryptoKeyPair {
  return 'privateKey' in key
}
