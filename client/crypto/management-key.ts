import {
  parseSigningJwk,
  parseWrappingJwk,
  thumbprint,
  type SigningJwk,
  type WrappingJwk,
} from '../../schema/wire/jwk.ts'
import type { SignatureAlgorithm } from '../../schema/wire/request-signature.ts'

/** What a management key's signing key may be. */
export type SigningAlgorithm = 'Ed25519' | 'P-256'

/** The one key that its owner keeps: it signs requests, and the transaction keys are wrapped to it. */
export interface ManagementKey {
  /** RFC 7638 thumbprint of the signing key. */
  readonly id: string
  readonly signing: CryptoKeyPair
  readonly wrapping: CryptoKeyPair
}

/** The public halves, as the key server gets them. */
export interface PublicManagementKey {
  readonly signingKey: SigningJwk
  readonly wrappingKey: WrappingJwk
}

/** Generates a signing key and an X25519 wrapping key. `extractable` is about the private halves. */
export async function generateManagementKey(options: {
  readonly signingAlgorithm: SigningAlgorithm
  readonly extractable: boolean
}): Promise<ManagementKey> {
  const { signingAlgorithm, extractable } = options
  const signing = await generatePair(signingParameters[signingAlgorithm], extractable, ['sign', 'verify'])
  const wrapping = await generatePair({ name: 'X25519' }, extractable, ['deriveBits'])
  return { id: await managementKeyId(signing.publicKey), signing, wrapping }
}

/** RFC 7638 thumbprint of a public signing key. */
export async function managementKeyId(signingKey: CryptoKey): Promise<string> {
  return thumbprint(parseSigningJwk(await crypto.subtle.exportKey('jwk', signingKey)))
}

/** Exports the public halves. */
export async function publicManagementKey({
  signing,
  wrapping,
}: ManagementKey): Promise<PublicManagementKey> {
  return {
    signingKey: parseSigningJwk(await crypto.subtle.exportKey('jwk', signing.publicKey)),
    wrappingKey: parseWrappingJwk(await crypto.subtle.exportKey('jwk', wrapping.publicKey)),
  }
}

/** The `alg` of request signatures with this key. */
export function signatureAlgorithmOf({ signing }: ManagementKey): SignatureAlgorithm {
  return signing.privateKey.algorithm.name === 'Ed25519' ? 'ed25519' : 'ecdsa-p256-sha256'
}

/** WebCrypto's parameters of each signing algorithm. */
export const signingParameters = {
  Ed25519: { name: 'Ed25519' },
  'P-256': { name: 'ECDSA', namedCurve: 'P-256' },
} as const satisfies Record<SigningAlgorithm, EcKeyGenParams | Algorithm>

/** Generates a key pair; the type of WebCrypto's answer depends on the algorithm, which the compiler can not see. */
export async function generatePair(
  parameters: EcKeyGenParams | Algorithm,
  extractable: boolean,
  usages: KeyUsage[],
): Promise<CryptoKeyPair> {
  const generated = await crypto.subtle.generateKey(parameters, extractable, usages)
  if (!('privateKey' in generated)) throw new TypeError('An asymmetric algorithm makes a key pair.')
  return generated
}
