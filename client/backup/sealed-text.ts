import { CompactEncrypt, compactDecrypt } from 'jose'
import { VaultError } from '../errors.ts'

const algorithm = 'PBES2-HS512+A256KW'
const contentEncryption = 'A256GCM'

/** PBKDF2 iterations (RFC 7518 §4.8.1.2), as for a keystore: OWASP recommended in 2023 at least 210,000. */
const iterations = 600_000

/** Maximum that is accepted: a manipulated file could keep the machine busy. */
const iterationsMax = 10_000_000

/** Encrypts a string with a passphrase, as a compact JWE. */
export function sealText(text: string, passphrase: string): Promise<string> {
  return new CompactEncrypt(new TextEncoder().encode(text))
    .setProtectedHeader({ alg: algorithm, enc: contentEncryption, cty: 'json' })
    .setKeyManagementParameters({ p2c: iterations })
    .encrypt(new TextEncoder().encode(passphrase))
}

/** @throws {VaultError} BACKUP_UNREADABLE when the passphrase is wrong, or a byte was changed. */
export async function openText(jwe: string, passphrase: string): Promise<string> {
  try {
    const { plaintext } = await compactDecrypt(jwe.trim(), new TextEncoder().encode(passphrase), {
      keyManagementAlgorithms: [algorithm],
      contentEncryptionAlgorithms: [contentEncryption],
      maxPBES2Count: iterationsMax,
    })
    return new TextDecoder('utf-8', { fatal: true }).decode(plaintext)
  } catch {
    throw new VaultError('BACKUP_UNREADABLE', { detail: 'The passphrase is wrong, or the file was changed.' })
  }
}
