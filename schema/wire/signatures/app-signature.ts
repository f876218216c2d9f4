import { isAccountName } from '../account-name.ts'
import { decodeBase64url, encodeBase64url } from '../base64url.ts'
import { signatureRefused } from '../errors.ts'
import { canonicalJson, parseSigningJwk, type SigningJwk } from '../keys/jwk.ts'
import type { KeyidRule, SignatureProfile } from './http-signature.ts'

/*
 * How a client proves to an application server that it holds a transaction key: the profile of request-signature.ts
 * with components, a tag and a keyid of its own. docs/verifier.md has the whole of it.
 */

/** The header that carries the public key: {@link serializeAppKey}. It is covered by the signature. */
export const appKeyHeader = 'claviger-key'

/** Whose key it is, and which: `<owner>/<thumbprint>`. */
export interface AppKeyid {
  /** The account's name. */
  readonly owner: string
  /** RFC 7638 SHA-256 thumbprint of the transaction key. */
  readonly thumbprint: string
}

/** Builds a `keyid`. A name has no slash, so there is one way to take it apart. */
export function serializeAppKeyid({ owner, thumbprint }: AppKeyid): string {
  return `${owner}/${thumbprint}`
}

/** Null when `keyid` is not of the form. */
export function parseAppKeyid(keyid: string): AppKeyid | null {
  const [owner = '', thumbprint = '', ...others] = keyid.split('/')
  const isKeyid = others.length === 0 && isAccountName(owner) && decodeBase64url(thumbprint)?.length === 32
  return isKeyid ? { owner, thumbprint } : null
}

const keyid: KeyidRule = {
  test: (text) => parseAppKeyid(text) !== null,
  detail: 'keyid is an owner, a slash, and an RFC 7638 SHA-256 thumbprint.',
}

const tag = 'claviger-app'

/** A request without a body. */
export const appRequestProfile: SignatureProfile = {
  components: ['@method', '@target-uri', appKeyHeader],
  tag,
  keyid,
}

/** A request with a body of at least one byte. */
export const appRequestWithBodyProfile: SignatureProfile = {
  components: ['@method', '@target-uri', 'content-type', 'content-digest', appKeyHeader],
  tag,
  keyid,
}

/** The one spelling of a `Claviger-Key` header: base64url of the JSON that the key's thumbprint is taken over (RFC 7638 §3). */
export function serializeAppKey(jwk: SigningJwk): string {
  return encodeBase64url(new TextEncoder().encode(canonicalJson(jwk)))
}

/**
 * Parses a `Claviger-Key` header.
 *
 * @throws {KeyServerError} UNAUTHENTICATED with reason SIGNATURE_MALFORMED.
 */
export function parseAppKey(header: string): SigningJwk {
  const jwk = readSigningJwk(header)
  if (jwk === null || serializeAppKey(jwk) !== header) {
    throw signatureRefused('SIGNATURE_MALFORMED', {
      detail: 'Claviger-Key is the base64url of an Ed25519 or P-256 public key, in its one spelling.',
    })
  }
  return jwk
}

/** Longest header that could be a key of the two types, in characters; beyond it nothing is decoded. */
const headerCharactersMax = 512

function readSigningJwk(header: string): SigningJwk | null {
  const bytes = header.length <= headerCharactersMax ? decodeBase64url(header) : null
  try {
    return bytes === null ? null : parseSigningJwk(JSON.parse(new TextDecoder().decode(bytes)))
  } catch {
    return null
  }
}
