import { decodeBase64url } from '../base64url.ts'
import { isOnCurve, okpPointChecks } from './points.ts'

/** A public key with exactly the members that its RFC 7638 thumbprint is taken over, each canonical. */
export type PublicJwk =
  | { readonly kty: 'OKP'; readonly crv: 'Ed25519' | 'X25519'; readonly x: string }
  | { readonly kty: 'EC'; readonly crv: 'P-256' | 'P-384' | 'P-521'; readonly x: string; readonly y: string }
  | { readonly kty: 'RSA'; readonly n: string; readonly e: string }
  | { readonly kty: 'AKP'; readonly alg: 'ML-DSA-44' | 'ML-DSA-65' | 'ML-DSA-87'; readonly pub: string }

/** A key that can sign requests (request signing, "alg"). */
export type SigningJwk =
  | { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string }
  | { readonly kty: 'EC'; readonly crv: 'P-256'; readonly x: string; readonly y: string }

/** A key that others wrap keys to (JWE ECDH-ES, RFC 7518 §4.6, RFC 8037). */
export type WrappingJwk =
  | { readonly kty: 'OKP'; readonly crv: 'X25519'; readonly x: string }
  | { readonly kty: 'EC'; readonly crv: 'P-256'; readonly x: string; readonly y: string }

/** A value is not an acceptable public key. The message names the rule, never the value. */
export class InvalidJwk extends Error {
  override readonly name = 'InvalidJwk'
}

/** Members that are refused in every key: they are secret, or only secret keys have them. */
export const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'] as const

/** Metadata members (RFC 7517 §4; `ext` is WebCrypto's). They are accepted and dropped. */
const metadataMembers = ['use', 'key_ops', 'alg', 'kid', 'ext'] as const

/**
 * Parses a received public key.
 *
 * Refuses private members, unknown members, non-canonical base64url, points off their curve, and Ed25519 and
 * X25519 points of small order or in a non-canonical encoding: one such key verifies a fixed signature for every message.
 *
 * @throws {InvalidJwk}
 */
export function parsePublicJwk(value: unknown): PublicJwk {
  const jwk = parsePublicJwkForm(value)
  assertSoundPoint(jwk)
  return jwk
}

/**
 * Parses a public key that is only compared with stored ones: its members, their encoding and their lengths. The point is
 * not checked, which would cost up to 150 µs a key: no key with an invalid point is stored.
 *
 * @throws {InvalidJwk}
 */
export function parsePublicJwkForm(value: unknown): PublicJwk {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidJwk('A public key is a JSON object (RFC 7517).')
  }
  const members = new Map<string, unknown>(Object.entries(value))
  for (const name of privateMembers) {
    if (members.has(name)) throw new InvalidJwk(`A public key must not have the private member "${name}".`)
  }
  const kty = members.get('kty')
  const parser = typeof kty === 'string' ? parsers.get(kty) : undefined
  if (parser === undefined) {
    throw new InvalidJwk(`The member "kty" must be one of ${[...parsers.keys()].join(', ')}.`)
  }
  const jwk = parser(members)
  for (const name of members.keys()) {
    if (!Object.hasOwn(jwk, name) && !metadataMembers.some((known) => known === name)) {
      throw new InvalidJwk(
        `A key of type ${jwk.kty} has the members ${Object.keys(jwk).join(', ')} and no other.`,
      )
    }
  }
  return jwk
}

/**
 * Refuses keys that {@link parsePublicJwk} refuses and {@link parsePublicJwkForm} accepts: those with an invalid point.
 *
 * @throws {InvalidJwk}
 */
export function assertSoundPoint(jwk: PublicJwk): void {
  if (jwk.kty === 'OKP' && !okpPointChecks[jwk.crv](decoded(jwk.x))) {
    throw new InvalidJwk(`The member "x" must be a canonical ${jwk.crv} point that is not of small order.`)
  }
  if (jwk.kty === 'EC' && !isOnCurve(jwk.crv, decoded(jwk.x), decoded(jwk.y))) {
    throw new InvalidJwk(`The members "x" and "y" must be a point of the curve ${jwk.crv}.`)
  }
}

/** @throws {InvalidJwk} when `value` is not an Ed25519 or P-256 public key. */
export function parseSigningJwk(value: unknown): SigningJwk {
  const jwk = parsePublicJwk(value)
  if (jwk.kty === 'OKP' && jwk.crv === 'Ed25519') return { ...jwk, crv: jwk.crv }
  if (jwk.kty === 'EC' && jwk.crv === 'P-256') return { ...jwk, crv: jwk.crv }
  throw new InvalidJwk('A signing key is OKP Ed25519 or EC P-256.')
}

/** @throws {InvalidJwk} when `value` is not an X25519 or P-256 public key. */
export function parseWrappingJwk(value: unknown): WrappingJwk {
  const jwk = parsePublicJwk(value)
  if (jwk.kty === 'OKP' && jwk.crv === 'X25519') return { ...jwk, crv: jwk.crv }
  if (jwk.kty === 'EC' && jwk.crv === 'P-256') return { ...jwk, crv: jwk.crv }
  throw new InvalidJwk('A wrapping key is OKP X25519 or EC P-256.')
}

type Members = ReadonlyMap<string, unknown>

/** Length of a coordinate in bytes, by curve. */
const ecCoordinateBytes = { 'P-256': 32, 'P-384': 48, 'P-521': 66 } as const

/** FIPS 204 table 2. */
const mlDsaPublicKeyBytes = { 'ML-DSA-44': 1312, 'ML-DSA-65': 1952, 'ML-DSA-87': 2592 } as const

/** Maximum length of a member in characters: `pub` of ML-DSA-87 has 3,456. Longer members are not decoded. */
const memberCharactersMax = 3_500

const rsaModulusBits = { min: 2048, max: 8192 }

const parsers: ReadonlyMap<string, (members: Members) => PublicJwk> = new Map([
  ['OKP', parseOkp],
  ['EC', parseEc],
  ['RSA', parseRsa],
  ['AKP', parseAkp],
])

function parseOkp(members: Members): PublicJwk {
  const crv = oneOf(members, 'crv', okpPointChecks)
  const x = octets(members, 'x')
  if (x.bytes.length !== 32) throw new InvalidJwk(`The member "x" of an ${crv} key has 32 bytes.`)
  return { kty: 'OKP', crv, x: x.text }
}

function parseEc(members: Members): PublicJwk {
  const crv = oneOf(members, 'crv', ecCoordinateBytes)
  const bytes = ecCoordinateBytes[crv]
  const x = octets(members, 'x')
  const y = octets(members, 'y')
  if (x.bytes.length !== bytes || y.bytes.length !== bytes) {
    throw new InvalidJwk(`The members "x" and "y" of a ${crv} key have ${String(bytes)} bytes.`)
  }
  return { kty: 'EC', crv, x: x.text, y: y.text }
}

function parseRsa(members: Members): PublicJwk {
  const n = octets(members, 'n')
  const e = octets(members, 'e')
  const modulusBits = n.bytes.length * 8 - Math.clz32(n.bytes[0] ?? 0) + 24
  const isSoundModulus =
    n.bytes[0] !== 0 &&
    modulusBits >= rsaModulusBits.min &&
    modulusBits <= rsaModulusBits.max &&
    isOdd(n.bytes)
  const isSoundExponent = e.bytes[0] !== 0 && e.bytes.length <= 4 && isOdd(e.bytes) && e.text !== 'AQ'
  if (!isSoundModulus || !isSoundExponent) {
    throw new InvalidJwk(
      `An RSA key has an odd modulus of ${String(rsaModulusBits.min)} to ${String(rsaModulusBits.max)} bits and an odd exponent from 3.`,
    )
  }
  return { kty: 'RSA', n: n.text, e: e.text }
}

function parseAkp(members: Members): PublicJwk {
  const alg = oneOf(members, 'alg', mlDsaPublicKeyBytes)
  const pub = octets(members, 'pub')
  if (pub.bytes.length !== mlDsaPublicKeyBytes[alg]) {
    throw new InvalidJwk(`The member "pub" of an ${alg} key has ${String(mlDsaPublicKeyBytes[alg])} bytes.`)
  }
  return { kty: 'AKP', alg, pub: pub.text }
}

function oneOf<T extends object>(members: Members, name: string, table: T): Extract<keyof T, string> {
  const value = members.get(name)
  if (typeof value === 'string' && isOwnKey(table, value)) return value
  throw new InvalidJwk(`The member "${name}" must be one of ${Object.keys(table).join(', ')}.`)
}

function isOwnKey<T extends object>(table: T, name: string): name is Extract<keyof T, string> {
  return Object.hasOwn(table, name)
}

function octets(members: Members, name: string): { text: string; bytes: Uint8Array } {
  const text = members.get(name)
  const isBounded = typeof text === 'string' && text !== '' && text.length <= memberCharactersMax
  const bytes = isBounded ? decodeBase64url(text) : null
  if (typeof text !== 'string' || bytes === null) {
    throw new InvalidJwk(`The member "${name}" must be canonical base64url (RFC 7515 §2).`)
  }
  return { text, bytes }
}

function isOdd(bytes: Uint8Array): boolean {
  return ((bytes.at(-1) ?? 0) & 1) === 1
}

/** The bytes of a parsed member. */
function decoded(text: string): Uint8Array {
  const bytes = decodeBase64url(text)
  if (bytes === null) throw new TypeError('A parsed member is base64url.')
  return bytes
}
