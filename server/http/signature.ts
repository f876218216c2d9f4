import type { IncomingHttpHeaders } from 'node:http'
import { signatureRefused } from '../../schema/wire/errors.ts'
import { contentDigest, httpProfile, parseSignature } from '../../schema/wire/request-signature.ts'
import { RequestCaller } from '../authentication/request-caller.ts'

/** Whether a request means to be signed. One that does is never answered as an unsigned one. */
export function hasSignature(headers: IncomingHttpHeaders): boolean {
  return headers['signature'] !== undefined || headers['signature-input'] !== undefined
}

/**
 * Reads a POST's signature. The target is taken from the server's own origins and never from the request; of several,
 * the one that the client used is found by the check of the signature.
 *
 * @throws {KeyServerError} UNAUTHENTICATED with reason SIGNATURE_MALFORMED
 */
export async function readCaller(
  headers: IncomingHttpHeaders,
  body: Uint8Array<ArrayBuffer>,
  origins: readonly string[],
): Promise<RequestCaller> {
  if (!hasSignature(headers)) return new RequestCaller(null)
  const signature = parseSignature(httpProfile, {
    signatureInput: single(headers['signature-input']),
    signature: single(headers['signature']),
  })
  const digest = await contentDigest(body)
  if (single(headers['content-digest']) !== digest) {
    throw signatureRefused('SIGNATURE_MALFORMED', { detail: 'Content-Digest is the SHA-256 of the body.' })
  }
  const candidates = origins.map((origin) => ({
    '@method': 'POST',
    '@target-uri': `${origin}/graphql`,
    'content-type': headers['content-type'] ?? '',
    'content-digest': digest,
  }))
  return new RequestCaller({ signature, candidates })
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value
}
