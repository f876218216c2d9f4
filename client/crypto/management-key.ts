import {
  parseSigningJwk,
  parseWrappingJwk,
  type SigningJwk,
  type WrappingJwk,
} from '../../schema/wire/keys/jwk.ts'
import { thumbprint } from '../../schema/wire/keys/thumbprint.ts'
import { VaultError } from '../errors.ts'
import type { SignatureAlgorithm } from '../../schema/wire/signatures/http-signature.ts'

/** The algorithm of a management key's signing key. */
export type SigningAlgorithm = 'Ed25519' | 'P-256'

/** The key of one device: it signs requests and statements, and transaction keys are wrapped for it. */
export interface ManagementKey {
  /** RFC 7638 thumbprint of the signing key. */
  readonly id: string
  readonly signing: CryptoKeyPair
  readonly wrapping: CryptoKeyPair
  /**
   * AES-256, for A256KW. When present, keys are wrapped with it alone, and the public key of `wrapping` is sent to nobody
   * (docs/adr/0012-post-quantum-wrapping.md).
   */
  readonly wrappingSecret?: CryptoKey | undefined
  /** `VIEWER`: it reads, and nothing is wrapped for it. Default: a device's. */
  readonly kind?: 'VIEWER' | undefined
}

/** How keys are wrapped: for a public key, so that devices can wrap for each other, or with a secret of this device. */
export type Wrapping = 'public-key' | 'symmetric'

/** The public keys, as the key server gets them. */
export interface PublicManagementKey {
  readonly signingKey: SigningJwk
  readonly wrappingKey: WrappingJwk
}

/**
 * Generates a signing key and a wrapping key, and an AES-256 key when wrapping is symmetric. The wrapping key is X25519, or
 * P-256 where the runtime has no X25519, as in older browsers.
 *
 * @throws {VaultError} RUNTIME_UNSUPPORTED, before anything is stored.
 */
export async function generateManagementKey(options: {
  /** Default: Ed25519, or P-256 where the runtime has no Ed25519. */
  readonly signingAlgorithm?: SigningAlgorithm | undefined
  /** Whether the private keys may be exported. */
  readonly extractable: boolean
  /** Default: public-key. */
  readonly wrapping?: Wrapping | undefined
}): Promise<ManagementKey> {
  const { signingAlgorithm, extractable } = options
  // A caller without types may pass anything.
  if (signingAlgorithm !== undefined && !Object.hasOwn(signingParameters, signingAlgorithm)) {
    const detail = 'signingAlgorithm is one of Ed25519 and P-256.'
    throw new VaultError('ARGUMENT_INVALID', { detail, field: 'signingAlgorithm' })
  }
  const names: readonly SigningAlgorithm[] =
    signingAlgorithm === undefined ? ['Ed25519', 'P-256'] : [signingAlgorithm]
  const signing = await generateFirst(
    names.map((name) => signingParameters[name]),
    extractable,
    ['sign', 'verify'],
  )
  const wrapping = await generateFirst(
    [{ name: 'X25519' }, { name: 'ECDH', namedCurve: 'P-256' }],
    extractable,
    ['deriveBits'],
  )
  const managementKey = { id: await managementKeyId(signing.publicKey), signing, wrapping }
  if (options.wrapping !== 'symmetric') return managementKey
  const wrappingSecret = await crypto.subtle.generateKey(secretParameters, extractable, [...secretUsages])
  return { ...managementKey, wrappingSecret }
}

/** RFC 7638 thumbprint of a public signing key. */
export async function managementKeyId(signingKey: CryptoKey): Promise<string> {
  return thumbprint(parseSigningJwk(await crypto.subtle.exportKey('jwk', signingKey)))
}

/** Exports the public keys. */
export async function publicManagementKey({
  signing,
  wrapping,
}: ManagementKey): Promise<PublicManagementKey> {
  return {
    signingKey: parseSigningJwk(await crypto.subtle.exportKey('jwk', signing.publicKey)),
    wrappingKey: parseWrappingJwk(await crypto.subtle.exportKey('jwk', wrapping.publicKey)),
  }
}

/** WebCrypto's parameters of a {@link ManagementKey.wrappingSecret}. */
export const secretParameters = { name: 'AES-KW', length: 256 } as const
export const secretUsages = ['wrapKey', 'unwrapKey'] as const

/** The wrapping key that the key server lists: none when wrapping is symmetric, and none of a VIEWER. */
export async function listedWrappingKey(managementKey: ManagementKey): Promise<WrappingJwk | null> {
  if (managementKey.wrappingSecret !== undefined || managementKey.kind === 'VIEWER') return null
  return (await publicManagementKey(managementKey)).wrappingKey
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

/** Generates a key pair of the first algorithm that this runtime has. */
async function generateFirst(
  candidates: readonly (EcKeyGenParams | Algorithm)[],
  extractable: boolean,
  usages: KeyUsage[],
): Promise<CryptoKeyPair> {
  for (const parameters of candidates) {
    try {
      return await generatePair(parameters, extractable, usages)
    } catch (error) {
      if (!isUnsupported(error)) throw error
    }
  }
  const names = candidates.map((parameters) =>
    'namedCurve' in parameters ? parameters.namedCurve : parameters.name,
  )
  throw new VaultError('RUNTIME_UNSUPPORTED', {
    detail: `It has no ${names.join(' and no ')} in WebCrypto.`,
  })
}

/** Whether an error of WebCrypto says that the runtime does not have the algorithm. */
export function isUnsupported(error: unknown): boolean {
  return error instanceof Error && error.name === 'NotSupportedError'
}

/** Generates a key pair; the type of WebCrypto's answer depends on the algorithm, which the compiler cannot see. */
export async function generatePair(
  parameters: EcKeyGenParams | Algorithm,
  extractable: boolean,
  usages: KeyUsage[],
): Promise<CryptoKeyPair> {
  const generated = await crypto.subtle.generateKey(parameters, extractable, usages)
  if (!('privateKey' in generated)) throw new TypeError('An asymmetric algorithm makes a key pair.')
  return generated
}
