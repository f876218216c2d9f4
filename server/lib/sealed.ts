import { createHmac, hkdfSync } from 'node:crypto'
import { CompactEncrypt, compactDecrypt } from 'jose'

/** A secret of an account's row, encrypted for one row and one use: it does not open as another's. */
export interface SealedFor {
  readonly accountId: string
  readonly id: string
  /** Its use, e.g. `webhook secret`: keys of different uses have nothing in common. */
  readonly use: string
  /** The server's own secret, random. */
  readonly serverKeySecret: string
}

/** Seals bytes for the database: a compact JWE (`dir`, A256GCM) under a key of the server's own secret. */
export async function seal(plaintext: Uint8Array, sealedFor: SealedFor): Promise<string> {
  return new CompactEncrypt(plaintext)
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: sealedFor.id })
    .encrypt(sealingKey(sealedFor))
}

/** Null when it was sealed for another row or use, or under another secret of the server's. */
export async function openSealed(sealed: string, sealedFor: SealedFor): Promise<Uint8Array | null> {
  try {
    const { plaintext } = await compactDecrypt(sealed, sealingKey(sealedFor), {
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: ['A256GCM'],
    })
    return plaintext
  } catch {
    return null
  }
}

function sealingKey({ serverKeySecret, use, accountId, id }: SealedFor): Uint8Array {
  return deriveKey(serverKeySecret, { use, salt: `${accountId}:${id}` })
}

/** HKDF (RFC 5869) and not a password hash, because the server's secret is random. @returns 32 bytes */
export function deriveKey(
  serverKeySecret: string,
  { use, salt = '' }: { readonly use: string; readonly salt?: string },
): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', serverKeySecret, salt, `claviger ${use}`, 32))
}

/** HMAC-SHA-256 under a key of the server's own secret, base64url: it cannot be guessed from a database alone. */
export function keyedDigest(
  text: string,
  use: { readonly serverKeySecret: string; readonly use: string },
): string {
  return createHmac('sha256', deriveKey(use.serverKeySecret, use)).update(text).digest('base64url')
}
