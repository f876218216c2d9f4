import type { Databases } from '../database/connect.ts'
import { PrincipalDirectory } from './principal-directory.ts'
import { SignedRequest } from './signed-request.ts'
import { SignatureVerifier, type PresentedSignature } from './signature-verifier.ts'

/** Makes a {@link SignedRequest} of what a transport received. */
export interface Authentication {
  /** @param presented null for a request without a signature */
  request(presented: PresentedSignature | null): SignedRequest
}

export function createAuthentication(databases: Databases): Authentication {
  const verifier = new SignatureVerifier(new PrincipalDirectory(databases.reads.db))
  return { request: (presented) => new SignedRequest(presented, { verifier, databases }) }
}
