import { exportJWK } from 'jose'
import { parseSigningJwk, type SigningJwk } from '../../../../schema/wire/keys/jwk.ts'
import { thumbprint } from '../../../../schema/wire/keys/thumbprint.ts'
import {
  algorithmOf,
  contentDigest,
  createNonce,
  httpProfile,
  importSigningKey,
  serializeSignature,
  serializeSignatureInput,
  signatureBase,
  signBytes,
  type ComponentValues,
  type SignatureAlgorithm,
  type SignatureParameters,
  type SignatureProfile,
} from '../../../../schema/wire/signatures/http-signature.ts'

/** A management key's signing half, in every form that the tests need. */
export interface Signer {
  readonly jwk: SigningJwk
  readonly keyid: string
  readonly privateKey: CryptoKey
  /** The public key. */
  readonly cryptoKey: CryptoKey
}

export const algorithms: readonly SignatureAlgorithm[] = ['ed25519', 'ecdsa-p256-sha256']

const generation = {
  ed25519: { name: 'Ed25519' },
  'ecdsa-p256-sha256': { name: 'ECDSA', namedCurve: 'P-256' },
} as const

export async function createSigner(alg: SignatureAlgorithm): Promise<Signer> {
  const pair = await crypto.subtle.generateKey(generation[alg], true, ['sign', 'verify'])
  if (!('publicKey' in pair)) throw new TypeError('A signing key is a pair.')
  const jwk = parseSigningJwk(await exportJWK(pair.publicKey))
  return {
    jwk,
    keyid: await thumbprint(jwk),
    privateKey: pair.privateKey,
    cryptoKey: await importSigningKey(jwk),
  }
}

/** The two headers, and what was signed with them. */
export interface Signed {
  readonly signatureInput: string
  readonly signature: string
  readonly parameters: SignatureParameters
  readonly values: ComponentValues
}

/** Signs as a client does. */
export async function sign(
  signer: Signer,
  {
    profile = httpProfile,
    values,
    ...given
  }: Partial<SignatureParameters> & {
    readonly profile?: SignatureProfile
    readonly values: ComponentValues
  },
): Promise<Signed> {
  const parameters = {
    created: 1795414860,
    expires: 1795414920,
    nonce: createNonce(),
    keyid: signer.keyid,
    alg: algorithmOf(signer.jwk),
    ...given,
  }
  const base = signatureBase(profile, parameters, values)
  return {
    signatureInput: serializeSignatureInput(profile, parameters),
    signature: serializeSignature(await signBytes(algorithmOf(signer.jwk), signer.privateKey, base)),
    parameters,
    values,
  }
}

/** The component values of a POST of `body` to `url`. */
export async function postOf(
  body: string | Uint8Array,
  url = 'https://keys.example/graphql',
): Promise<ComponentValues> {
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : Uint8Array.from(body)
  return {
    '@method': 'POST',
    '@target-uri': url,
    'content-type': 'application/json',
    'content-digest': await contentDigest(bytes),
  }
}
