import { isInnerList, parseDictionary, type BareItem } from 'structured-headers'
import { decodeBase64url, encodeBase64, encodeBase64url } from '../base64url.ts'
import { signatureRefused } from '../errors.ts'
import type { SigningJwk } from '../keys/jwk.ts'
import { limits } from '../limits.ts'

/*
 * How a client proves that it holds a management key: a fixed profile of RFC 9421 (HTTP Message Signatures) with
 * RFC 9530 (Digest Fields). Nothing in it is negotiable, so the parser accepts one canonical form: it serializes the
 * parsed parameters and requires the same bytes. docs/protocol.md specifies it.
 */

export type SignatureAlgorithm = 'ed25519' | 'ecdsa-p256-sha256'

/** The covered components in their order, and the tag that distinguishes the profiles. */
export interface SignatureProfile {
  readonly components: readonly string[]
  readonly tag: string
  /** The form of `keyid`. Default: an RFC 7638 SHA-256 thumbprint. */
  readonly keyid?: KeyidRule
}

/** The form of a profile's `keyid`. */
export interface KeyidRule {
  readonly test: (keyid: string) => boolean
  /** The rule in words, for errors. */
  readonly detail: string
}

/** A POST of a GraphQL request. */
export const httpProfile: SignatureProfile = {
  components: ['@method', '@target-uri', 'content-type', 'content-digest'],
  tag: 'claviger',
}

/** The upgrade request of a WebSocket, signed in `connection_init`. */
export const webSocketProfile: SignatureProfile = {
  components: ['@method', '@target-uri'],
  tag: 'claviger-ws',
}

export interface SignatureParameters {
  /** Unix seconds. */
  readonly created: number
  /** Unix seconds; at most 60 after `created`. */
  readonly expires: number
  /** Base64url of 16 to 32 random bytes. */
  readonly nonce: string
  /** Id of the signing key in the profile's form: for a management key, its RFC 7638 thumbprint. */
  readonly keyid: string
  readonly alg: SignatureAlgorithm
}

/** A signature of the right form. It is not verified: see {@link verifySignature}. */
export interface ParsedSignature extends SignatureParameters {
  readonly profile: SignatureProfile
  /** 64 bytes. */
  readonly signature: Uint8Array<ArrayBuffer>
}

/** The values of the covered components, by name. */
export type ComponentValues = Readonly<Record<string, string>>

/** The `alg` that a signing key's type implies. */
export function algorithmOf(jwk: SigningJwk): SignatureAlgorithm {
  return jwk.kty === 'OKP' ? 'ed25519' : 'ecdsa-p256-sha256'
}

/**
 * Builds the signature base (RFC 9421 §2.5).
 *
 * @throws {TypeError} when a component has no value, or one with a line break, which could inject a component.
 */
export function signatureBase(
  profile: SignatureProfile,
  parameters: SignatureParameters,
  values: ComponentValues,
): Uint8Array<ArrayBuffer> {
  const lines = profile.components.map((name) => {
    const value = values[name]
    if (value === undefined) throw new TypeError(`The component "${name}" has no value.`)
    if (/[\r\n]/.test(value)) throw new TypeError(`The value of the component "${name}" has a line break.`)
    return `"${name}": ${value}`
  })
  lines.push(`"@signature-params": ${serializeParameters(profile, parameters)}`)
  return new TextEncoder().encode(lines.join('\n'))
}

/** The canonical form of a `Signature-Input` header with these parameters. */
export function serializeSignatureInput(profile: SignatureProfile, parameters: SignatureParameters): string {
  return `sig=${serializeParameters(profile, parameters)}`
}

/** The canonical form of a `Signature` header. */
export function serializeSignature(signature: Uint8Array): string {
  return `sig=:${encodeBase64(signature)}:`
}

/** `Content-Digest` of a body: SHA-256 (RFC 9530 §2). */
export async function contentDigest(body: Uint8Array<ArrayBuffer>): Promise<string> {
  return `sha-256=:${encodeBase64(new Uint8Array(await crypto.subtle.digest('SHA-256', body)))}:`
}

/** 24 random bytes, base64url. */
export function createNonce(): string {
  return encodeBase64url(crypto.getRandomValues(new Uint8Array(24)))
}

/**
 * Parses a signature's two header values.
 *
 * @throws {KeyServerError} UNAUTHENTICATED with reason SIGNATURE_MALFORMED.
 */
export function parseSignature(
  profile: SignatureProfile,
  headers: { readonly signatureInput: string | undefined; readonly signature: string | undefined },
): ParsedSignature {
  const { signatureInput, signature } = headers
  if (signatureInput === undefined || signature === undefined) {
    throw malformed('Signature-Input and Signature come together.')
  }
  const parameters = parseSignatureInput(profile, signatureInput)
  return { ...parameters, profile, signature: parseSignatureBytes(signature) }
}

/**
 * Whether `signature` is a valid signature by `key`. No received value makes it throw.
 *
 * @throws {TypeError} as {@link signatureBase}, for a mistake of the caller.
 */
export async function verifySignature(
  signature: ParsedSignature,
  key: { readonly jwk: SigningJwk; readonly cryptoKey: CryptoKey },
  values: ComponentValues,
): Promise<boolean> {
  if (signature.alg !== algorithmOf(key.jwk)) return false
  const base = signatureBase(signature.profile, signature, values)
  return crypto.subtle.verify(webCryptoAlgorithms[signature.alg], key.cryptoKey, signature.signature, base)
}

/** Signs with a WebCrypto private key: 64 bytes, for P-256 the raw r||s form. */
export async function signBytes(
  alg: SignatureAlgorithm,
  privateKey: CryptoKey,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.sign(webCryptoAlgorithms[alg], privateKey, bytes))
}

/** Imports a public signing key for {@link verifySignature}. */
export async function importSigningKey(jwk: SigningJwk): Promise<CryptoKey> {
  return crypto.subtle.importKey('jwk', jwk, webCryptoAlgorithms[algorithmOf(jwk)], true, ['verify'])
}

const webCryptoAlgorithms = {
  ed25519: { name: 'Ed25519' },
  'ecdsa-p256-sha256': { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
} as const

const thumbprintRule: KeyidRule = {
  test: (keyid) => isBase64urlOf(keyid, 32, 32),
  detail: 'keyid is an RFC 7638 SHA-256 thumbprint.',
}

function serializeParameters(profile: SignatureProfile, parameters: SignatureParameters): string {
  const { created, expires, nonce, keyid, alg } = parameters
  const components = profile.components.map((name) => `"${name}"`).join(' ')
  return `(${components});created=${String(created)};expires=${String(expires)};nonce="${nonce}";keyid="${keyid}";alg="${alg}";tag="${profile.tag}"`
}

function parseSignatureInput(profile: SignatureProfile, header: string): SignatureParameters {
  const read = readParameters(header)
  const created = read('created')
  const expires = read('expires')
  const nonce = read('nonce')
  const keyid = read('keyid')
  const alg = read('alg')
  if (!isUnixSeconds(created) || !isUnixSeconds(expires)) {
    throw malformed('created and expires are whole Unix seconds.')
  }
  if (expires < created || expires - created > limits.signatureLifetimeSecondsMax) {
    throw malformed(`expires is 0 to ${String(limits.signatureLifetimeSecondsMax)} seconds after created.`)
  }
  if (!isBase64urlOf(nonce, limits.nonceBytesMin, limits.nonceBytesMax)) {
    throw malformed('nonce is base64url of 16 to 32 bytes.')
  }
  const { keyid: keyidRule = thumbprintRule } = profile
  if (typeof keyid !== 'string' || !keyidRule.test(keyid)) throw malformed(keyidRule.detail)
  if (!isSignatureAlgorithm(alg)) throw malformed('alg is ed25519 or ecdsa-p256-sha256.')
  const parameters = { created, expires, nonce, keyid, alg }
  if (serializeSignatureInput(profile, parameters) !== header) {
    throw malformed('Label, components and parameters are fixed, in their order and spelling.')
  }
  return parameters
}

function readParameters(header: string): (name: string) => BareItem | undefined {
  const [member] = parseStructured(header)?.values() ?? []
  if (!member || !isInnerList(member)) throw malformed('Signature-Input is a structured dictionary.')
  const parameters = member[1]
  return (name) => parameters.get(name)
}

function parseSignatureBytes(header: string): Uint8Array<ArrayBuffer> {
  const [value] = parseStructured(header)?.get('sig') ?? []
  const signature = value instanceof ArrayBuffer ? new Uint8Array(value) : null
  if (signature?.length !== 64 || serializeSignature(signature) !== header) {
    throw malformed('Signature is one byte sequence of 64 bytes with the label sig, in canonical form.')
  }
  return signature
}

function parseStructured(header: string): ReturnType<typeof parseDictionary> | null {
  try {
    return parseDictionary(header)
  } catch {
    return null
  }
}

function isUnixSeconds(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function isBase64urlOf(value: unknown, bytesMin: number, bytesMax: number): value is string {
  const bytes = typeof value === 'string' ? decodeBase64url(value) : null
  return bytes !== null && bytes.length >= bytesMin && bytes.length <= bytesMax
}

function isSignatureAlgorithm(value: unknown): value is SignatureAlgorithm {
  return typeof value === 'string' && Object.hasOwn(webCryptoAlgorithms, value)
}

function malformed(detail: string) {
  return signatureRefused('SIGNATURE_MALFORMED', { detail })
}
