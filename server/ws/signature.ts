import { parseSignature, webSocketProfile } from '../../schema/wire/signatures/http-signature.ts'
import type { ReceivedSignature } from '../auth/signature-verifier.ts'

/**
 * Reads the signature in the payload of `connection_init`. The covered components come from the server's configuration;
 * nothing else in the payload is used.
 *
 * @throws {KeyServerError} UNAUTHENTICATED with reason SIGNATURE_MALFORMED
 */
export function readSocketSignature(
  payload: Readonly<Record<string, unknown>> | undefined,
  origins: readonly string[],
): ReceivedSignature | null {
  const signatureInput = payload?.['signature-input']
  const signature = payload?.['signature']
  if (signatureInput === undefined && signature === undefined) return null
  const parsed = parseSignature(webSocketProfile, {
    signatureInput: typeof signatureInput === 'string' ? signatureInput : undefined,
    signature: typeof signature === 'string' ? signature : undefined,
  })
  const candidates = origins.map((origin) => ({ '@method': 'GET', '@target-uri': `${origin}/graphql` }))
  return { signature: parsed, candidates }
}
