import { isAccountName } from '../account-name.ts'
import { decodeBase64url, encodeBase64url } from '../base64url.ts'
import { signatureRefused } from '../errors.ts'
import { parseSigningJwk, type SigningJwk } from '../keys/jwk.ts'
import { isThumbprint } from '../brands.ts'
import { canonicalJson } from '../keys/thumbprint.ts'
import type { KeyidRule, SignatureProfile } from './http-signature.ts'

/*
 * How a client proves to an application server that it holds a transaction key: a profile of http-signature.ts with
 * components, a tag and a keyid of its own. docs/verifier.md specifies it.
 */

/** The header that carries the public key: {@link serializeAppKey}. It is covered by the signature. */
export const appKeyHeader = 'claviger-key'

/** The owner and the key: `<owner>/<thumbprint>`. */
export interface AppKeyid {
  /** The account's name. */
  readonly owner: string
  /** RFC 7638 SHA-256 thumbprint of the transaction key. */
  readonly thumbprint: string
}

/** Builds a `keyid`. An account's name has no slash, so that it is unambiguous. */
export function serializeAppKeyid({ owner, thumbprint }: AppKeyid): string {
  return `${owner}/${thumbprint}`
}

/** Null when `keyid` does not have this form. */
export function parseAppKeyid(keyid: string): AppKeyid | null {
  const [owner = '', thumbprint = '', ...others] = keyid.split('/')
  const isKeyid = others.length === 0 && isAccountName(owner) && isThumbprint(thumbprint)
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

/**
 * The canonical form of a `Claviger-Key` header: base64url of the JSON that the key's thumbprint is taken over (RFC
 * 7638 §3).
 */
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
      detail: 'Claviger-Key is the base64url of an Ed25519 or P-256 public key, in canonical form.',
    })
  }
  return jwk
}

/** Maximum length of the header in characters; a longer one is not decoded. */
const headerCharactersMax = 512

function readSigningJwk(header: string): SigningJwk | null {
  const bytes = header.length <= headerCharactersMax ? decodeBase64url(header) : null
  try {
    return bytes === null ? null : parseSigningJwk(JSON.parse(new TextDecoder().decode(bytes)))
  } catch {
    return null
  }
}
