import { CompactEncrypt, compactDecrypt } from 'jose'
import { VaultError } from '../errors.ts'

type Bytes = Uint8Array<ArrayBuffer>

/** Encrypts and authenticates a message between two devices: a compact JWE, `dir` and A256GCM (RFC 7516). */
export function sealMessage(message: object, key: Bytes): Promise<string> {
  return new CompactEncrypt(new TextEncoder().encode(JSON.stringify(message)))
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
    .encrypt(key)
}

/**
 * Opens a message, and returns its members.
 *
 * @throws {VaultError} PAIRING_FORGED when it was not made with this key.
 */
export async function openMessage(jwe: string, key: Bytes): Promise<ReadonlyMap<string, unknown>> {
  try {
    const { plaintext } = await compactDecrypt(jwe, key, {
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: ['A256GCM'],
    })
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(plaintext))
    if (typeof value === 'object' && value !== null) return new Map(Object.entries(value))
  } catch {
    // Thrown below: whatever failed, the message is not from the other device.
  }
  throw new VaultError('PAIRING_FORGED')
}
