import { decodeBase64url } from '../../schema/wire/base64url.ts'
import type { PublicJwk } from '../../schema/wire/keys/jwk.ts'
import { thumbprint } from '../../schema/wire/keys/thumbprint.ts'
import { VaultError } from '../errors.ts'
import { generatePair, isUnsupported } from './management-key.ts'

/** The algorithm of a transaction key: for signatures, key agreement, or (symmetric) encryption. */
export type TransactionKeyAlgorithm = 'Ed25519' | 'P-256' | 'X25519' | 'A256GCM'

/** The secret of a transaction key, in this form only between generation and wrapping, and unwrapping and import. */
export interface Secret {
  readonly algorithm: TransactionKeyAlgorithm
  /** The members of the secret JWK that define the key, and no others (RFC 7518 §6, RFC 8037). */
  readonly jwk: Readonly<Record<string, string>>
}

/** Whether a value is one of the names: callers without types may pass anything. */
export function isTransactionKeyAlgorithm(name: unknown): name is TransactionKeyAlgorithm {
  return typeof name === 'string' && Object.hasOwn(algorithms, name)
}

/** Generates a key. */
export async function generateSecret(algorithm: TransactionKeyAlgorithm): Promise<Secret> {
  const { parameters, usages } = algorithms[algorithm]
  const generate = async () =>
    algorithm === 'A256GCM'
      ? crypto.subtle.generateKey(symmetricParameters, true, [...usages])
      : (await generatePair(parameters, true, [...usages])).privateKey
  const key = await generate().catch((error: unknown) => {
    if (!isUnsupported(error)) throw error
    throw new VaultError('RUNTIME_UNSUPPORTED', { detail: `It has no ${algorithm} in Web Crypto.` })
  })
  return parseSecret(await crypto.subtle.exportKey('jwk', key))
}

/**
 * Parses a secret JWK of one of the known algorithms, which `kty` and `crv` determine.
 *
 * @throws {VaultError} UNWRAP_FAILED.
 */
export function parseSecret(value: object): Secret {
  const members = new Map<string, unknown>(Object.entries(value))
  const found = entries.find(([, { identity }]) => hasMembers(members, identity))
  if (found === undefined) throw invalidSecret()
  const [algorithm, { identity, secretMembers }] = found
  const jwk: Record<string, string> = { ...identity }
  for (const name of secretMembers) {
    const member = members.get(name)
    if (typeof member !== 'string' || decodeBase64url(member)?.length !== 32) throw invalidSecret()
    jwk[name] = member
  }
  return { algorithm, jwk }
}

/**
 * Imports a secret into WebCrypto.
 *
 * @throws {VaultError} UNWRAP_FAILED when it is not a valid key.
 */
export async function importSecret({ algorithm, jwk }: Secret, extractable: boolean): Promise<CryptoKey> {
  const { parameters, privateUsages } = algorithms[algorithm]
  try {
    return await crypto.subtle.importKey('jwk', jwk, parameters, extractable, [...privateUsages])
  } catch {
    throw invalidSecret()
  }
}

/** Whether two public keys are equal, by RFC 7638 thumbprint. Null, for a symmetric key, equals only null. */
export async function isSamePublicKey(
  publicKey: PublicJwk | null,
  expected: PublicJwk | null,
): Promise<boolean> {
  if (publicKey === null || expected === null) return publicKey === expected
  return (await thumbprint(publicKey)) === (await thumbprint(expected))
}

interface AlgorithmFacts {
  /** WebCrypto's parameters for generating and importing. */
  readonly parameters: Algorithm | EcKeyGenParams
  readonly usages: readonly KeyUsage[]
  readonly privateUsages: readonly KeyUsage[]
  /** The members that determine the algorithm. */
  readonly identity: Readonly<Record<string, string>>
  /** The other members of the secret JWK: 32 bytes each. */
  readonly secretMembers: readonly string[]
}

const symmetricParameters = { name: 'AES-GCM', length: 256 } as const

const algorithms: Readonly<Record<TransactionKeyAlgorithm, AlgorithmFacts>> = {
  Ed25519: {
    parameters: { name: 'Ed25519' },
    usages: ['sign', 'verify'],
    privateUsages: ['sign'],
    identity: { kty: 'OKP', crv: 'Ed25519' },
    secretMembers: ['d', 'x'],
  },
  'P-256': {
    parameters: { name: 'ECDSA', namedCurve: 'P-256' },
    usages: ['sign', 'verify'],
    privateUsages: ['sign'],
    identity: { kty: 'EC', crv: 'P-256' },
    secretMembers: ['d', 'x', 'y'],
  },
  X25519: {
    parameters: { name: 'X25519' },
    usages: ['deriveBits'],
    privateUsages: ['deriveBits'],
    identity: { kty: 'OKP', crv: 'X25519' },
    secretMembers: ['d', 'x'],
  },
  A256GCM: {
    parameters: symmetricParameters,
    usages: ['encrypt', 'decrypt'],
    privateUsages: ['encrypt', 'decrypt'],
    identity: { kty: 'oct' },
    secretMembers: ['k'],
  },
}

const entries: readonly (readonly [TransactionKeyAlgorithm, AlgorithmFacts])[] = [
  ['Ed25519', algorithms.Ed25519],
  ['P-256', algorithms['P-256']],
  ['X25519', algorithms.X25519],
  ['A256GCM', algorithms.A256GCM],
]

function hasMembers(
  members: ReadonlyMap<string, unknown>,
  expected: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(expected).every(([name, value]) => members.get(name) === value)
}

/** The error of {@link parseSecret}, for whatever else a secret turns out not to be later. */
export function invalidSecret(): VaultError {
  return new VaultError('UNWRAP_FAILED', { detail: 'The wrapped content is not a key of a known algorithm.' })
}
