import { hash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { signatureRefused, type KeyServerError } from '../../schema/wire/errors.ts'
import {
  httpProfile,
  parseSignature,
  type ParsedSignature,
} from '../../schema/wire/signatures/http-signature.ts'
import type { ReceivedSignature } from '../auth/signature-verifier.ts'

/** Whether a request claims to be signed. One that does is never answered as an unsigned one. */
function hasSignature(headers: IncomingHttpHeaders): boolean {
  return headers['signature'] !== undefined || headers['signature-input'] !== undefined
}

/** The claims of a signed request's headers. Whether they match the body is checked later. */
export interface SignatureHeaders {
  readonly signature: ParsedSignature
  readonly contentDigest: string
}

/**
 * Reads the signature's headers of a POST; null when it does not claim to be signed. It needs no body, so that none is read
 * for a malformed signature.
 *
 * @throws {KeyServerError} UNAUTHENTICATED with reason SIGNATURE_MALFORMED
 */
export function readSignature(headers: IncomingHttpHeaders): SignatureHeaders | null {
  if (!hasSignature(headers)) return null
  const signature = parseSignature(httpProfile, {
    signatureInput: single(headers['signature-input']),
    signature: single(headers['signature']),
  })
  const digest = single(headers['content-digest'])
  if (digest === undefined || !/^sha-256=:[A-Za-z\d+/]{43}=:$/.test(digest)) throw wrongDigest()
  return { signature, contentDigest: digest }
}

/**
 * Checks the digest of a POST's body, and gathers what its signature may cover. The target is one of the server's own origins
 * and never taken from the request; with several origins each is a candidate, the one that Host names first, because each
 * further candidate costs a further check of the signature.
 *
 * @throws {KeyServerError} UNAUTHENTICATED with reason SIGNATURE_MALFORMED
 */
export function receiveSignature(
  signed: SignatureHeaders | null,
  {
    body,
    contentType,
    host,
    origins,
  }: {
    readonly body: Uint8Array<ArrayBuffer>
    readonly contentType: string
    readonly host: string | undefined
    readonly origins: readonly string[]
  },
): ReceivedSignature | null {
  if (signed === null) return null
  // WebCrypto's digest of so few bytes takes 9 µs of this thread, and a hop to another one.
  const digest = `sha-256=:${hash('sha256', body, 'base64')}:`
  if (signed.contentDigest !== digest) throw wrongDigest()
  const isNamed = (origin: string) => host !== undefined && origin.endsWith(`//${host}`)
  const ordered = [...origins.filter(isNamed), ...origins.filter((origin) => !isNamed(origin))]
  const candidates = ordered.map((origin) => ({
    '@method': 'POST',
    '@target-uri': `${origin}/graphql`,
    'content-type': contentType,
    'content-digest': digest,
  }))
  return { signature: signed.signature, candidates }
}

function wrongDigest(): KeyServerError {
  return signatureRefused('SIGNATURE_MALFORMED', { detail: 'Content-Digest is the SHA-256 of the body.' })
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value
}
