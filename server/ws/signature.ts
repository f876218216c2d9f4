import { parseSignature, webSocketProfile } from '../../schema/wire/signatures/http-signature.ts'
import { RequestCaller } from '../auth/signed-request.ts'

/**
 * Reads the signature in the payload of `connection_init`. The server rebuilds what it covers from its own
 * configuration, and takes nothing else from the payload.
 *
 * @throws {KeyServerError} UNAUTHENTICATED with reason SIGNATURE_MALFORMED
 */
export function readSocketCaller(
  payload: Readonly<Record<string, unknown>> | undefined,
  origins: readonly string[],
): RequestCaller {
  const signatureInput = payload?.['signature-input']
  const signature = payload?.['signature']
  if (signatureInput === undefined && signature === undefined) return new RequestCaller(null)
  const parsed = parseSignature(webSocketProfile, {
    signatureInput: typeof signatureInput === 'string' ? signatureInput : undefined,
    signature: typeof signature === 'string' ? signature : undefined,
  })
  const candidates = origins.map((origin) => ({ '@method': 'GET', '@target-uri': `${origin}/graphql` }))
  return new RequestCaller({ signature: parsed, candidates })
}
