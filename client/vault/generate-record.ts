import { generateManagementKey, type SigningAlgorithm, type Wrapping } from '../crypto/management-key.ts'
import type { Keystore, ManagementKeyRecord } from '../keystore/keystore.ts'
import { keyServerOrigin } from '../transport/endpoint.ts'

/** A new management key of `owner`, as a keystore keeps it. @throws {VaultError} URL_INVALID; RUNTIME_UNSUPPORTED */
export async function generateRecord({
  url,
  owner,
  keystore: { extractable },
  signingAlgorithm,
  wrapping,
}: {
  readonly url: string
  readonly owner: string
  readonly keystore: Pick<Keystore, 'extractable'>
  readonly signingAlgorithm?: SigningAlgorithm | undefined
  readonly wrapping?: Wrapping | undefined
}): Promise<ManagementKeyRecord> {
  const managementKey = await generateManagementKey({ signingAlgorithm, extractable, wrapping })
  return { ...managementKey, url: keyServerOrigin(url), owner }
}
