import { CompactEncrypt, compactDecrypt } from 'jose'
import { VaultError } from '../errors.ts'

const algorithm = 'PBES2-HS512+A256KW'
const contentEncryption = 'A256GCM'

/**
 * PBKDF2 iterations (RFC 7518 §4.8.1.2). OWASP's password storage cheat sheet recommended in 2023 at least 210,000 with
 * HMAC-SHA-512. 600,000 take about 0.3 s on a laptop.
 */
const iterations = 600_000

/** Maximum that is accepted: a manipulated file could keep the machine busy. */
const iterationsMax = 10_000_000

/** Encrypts `text` with a passphrase, as a compact JWE; without a passphrase it returns `text`. */
export async function sealWithPassphrase(
  text: string,
  askPassphrase: (() => Promise<string>) | null,
): Promise<string> {
  if (askPassphrase === null) return text
  return new CompactEncrypt(new TextEncoder().encode(text))
    .setProtectedHeader({ alg: algorithm, enc: contentEncryption })
    .setKeyManagementParameters({ p2c: iterations })
    .encrypt(new TextEncoder().encode(await askPassphrase()))
}

/**
 * Opens the result of {@link sealWithPassphrase}. JSON is returned as it is.
 *
 * @throws {VaultError} KEYSTORE_LOCKED when the passphrase is missing or wrong; KEYSTORE_UNREADABLE when it is damaged.
 */
export async function openWithPassphrase(
  text: string,
  askPassphrase: (() => Promise<string>) | null,
): Promise<string> {
  if (text.startsWith('{')) return text
  if (!/^\s*[\w-]+(\.[\w-]*){4}\s*$/.test(text)) {
    throw new VaultError('KEYSTORE_UNREADABLE', { detail: 'It is damaged: neither JSON nor encrypted.' })
  }
  if (askPassphrase === null) throw new VaultError('KEYSTORE_LOCKED', { detail: 'It needs a passphrase.' })
  const key = new TextEncoder().encode(await askPassphrase())
  try {
    const { plaintext } = await compactDecrypt(text.trim(), key, {
      keyManagementAlgorithms: [algorithm],
      contentEncryptionAlgorithms: [contentEncryption],
      maxPBES2Count: iterationsMax,
    })
    return new TextDecoder().decode(plaintext)
  } catch {
    throw new VaultError('KEYSTORE_LOCKED')
  }
}
