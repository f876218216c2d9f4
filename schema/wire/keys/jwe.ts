import { decodeBase64url } from '../base64url.ts'
import { parseCanonicalJsonObject } from '../json-object.ts'
import { limits } from '../limits.ts'
import { privateMembers } from './jwk.ts'

/** The protected header members of a wrapped key that the protocol relies on (RFC 7516 §4). */
export interface WrappedKeyHeader {
  readonly alg: string
  readonly enc: string
  /** The management key that it is wrapped for. */
  readonly kid: string
}

/** A string is not a wrapped key. The message names the rule, never the value. */
export class InvalidJwe extends Error {
  override readonly name = 'InvalidJwe'
}

/**
 * Parses the header of a wrapped key: a compact JWE of at most 16 KiB in canonical base64url, whose header has `alg`, `enc`,
 * `kid` and `cty` "jwk+json". The content is encrypted.
 *
 * @throws {InvalidJwe}
 */
export function parseWrappedKeyHeader(jwe: string): WrappedKeyHeader {
  if (jwe.length > limits.jweCharactersMax) {
    throw new InvalidJwe(`A wrapped key has at most ${String(limits.jweCharactersMax)} characters.`)
  }
  const parts = jwe.split('.').map(decodeBase64url)
  const [header, , iv, ciphertext, tag] = parts
  if (parts.length !== 5 || parts.includes(null) || !header || !iv || !ciphertext || !tag) {
    throw new InvalidJwe('A wrapped key is a compact JWE: five parts in canonical base64url (RFC 7516 §7.1).')
  }
  if (iv.length === 0 || ciphertext.length === 0 || tag.length === 0) {
    throw new InvalidJwe(
      'A wrapped key has an initialization vector, a ciphertext and an authentication tag.',
    )
  }
  const members = parseHeader(header)
  const { alg, enc, kid, cty, epk } = members
  if (typeof alg !== 'string' || typeof enc !== 'string' || typeof kid !== 'string' || cty !== 'jwk+json') {
    throw new InvalidJwe('The header of a wrapped key has "alg", "enc", "kid", and "cty" is "jwk+json".')
  }
  if (epk !== undefined && !hasNoSecret(epk)) {
    throw new InvalidJwe('The ephemeral key in the header of a wrapped key is a public key.')
  }
  if (!keyManagementAlgorithms.includes(alg) || enc !== 'A256GCM') {
    throw new InvalidJwe(
      `A wrapped key has an "alg" of ${keyManagementAlgorithms.join(', ')}, and "enc" is "A256GCM".`,
    )
  }
  if (Object.keys(members).some((name) => !headerMembers.includes(name))) {
    throw new InvalidJwe(`The header of a wrapped key has no members but ${headerMembers.join(', ')}.`)
  }
  return { alg, enc, kid }
}

/** Whether it is an object without a member that holds a secret in any JWK. */
function hasNoSecret(epk: unknown): boolean {
  if (typeof epk !== 'object' || epk === null || Array.isArray(epk)) return false
  return !privateMembers.some((name) => name in epk)
}

/** The key management algorithms that clients open, and one that is reserved. */
const keyManagementAlgorithms: readonly string[] = ['ECDH-ES+A256KW', 'A256KW', 'HPKE-9-KE']

/**
 * Without `zip`, `crit`, `jku` and the like: nobody who wraps a key needs them, and somebody who opens one might follow
 * them.
 */
const headerMembers: readonly string[] = ['alg', 'enc', 'kid', 'cty', 'epk', 'apu', 'apv', 'ek']

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  const header = parseCanonicalJsonObject(bytes)
  if (header !== null) return header
  throw new InvalidJwe('The header of a wrapped key is a JSON object, as JSON.stringify writes it.')
}
