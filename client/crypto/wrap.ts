import { CompactEncrypt, compactDecrypt } from 'jose'
import type { WrappingJwk } from '../../schema/wire/keys/jwk.ts'
import { InvalidJwe, parseWrappedKeyHeader } from '../../schema/wire/keys/jwe.ts'
import { VaultError } from '../errors.ts'
import type { ManagementKey } from './management-key.ts'
import { parseSecret, type Secret } from './transaction-key.ts'

/** A management key that a key is wrapped for. */
export interface Recipient {
  readonly id: string
  /** X25519 or P-256; or the AES-256 secret of the device's own management key. */
  readonly wrappingKey: CryptoKey
}

/** The context that is wrapped with the secret, so that an exchanged wrapped key is detected. */
export interface WrappingContext {
  /** The transaction key's id: the member `kid` of the wrapped JWK. */
  readonly id: string
  /** The member `aud` of the wrapped JWK. */
  readonly applicationServer: string
}

/** A wrapped key, as the key server takes it. */
export interface WrappedKeyInput {
  readonly managementKeyId: string
  /** RFC 7516, compact. */
  readonly jwe: string
}

/** By the type of the key in the keystore, never by the header of the JWE. */
const algorithmFor = ({ type }: CryptoKey) => (type === 'secret' ? 'A256KW' : 'ECDH-ES+A256KW')

const contentEncryption = 'A256GCM'

/** Wraps a secret once for each recipient. */
export async function wrapForAll(
  secret: Secret,
  { recipients, ...bound }: WrappingContext & { readonly recipients: readonly Recipient[] },
): Promise<WrappedKeyInput[]> {
  const { id, applicationServer } = bound
  const plaintext = new TextEncoder().encode(
    JSON.stringify({ ...secret.jwk, kid: id, aud: applicationServer }),
  )
  return Promise.all(
    recipients.map(async (recipient) => ({
      managementKeyId: recipient.id,
      jwe: await new CompactEncrypt(plaintext)
        .setProtectedHeader({
          alg: algorithmFor(recipient.wrappingKey),
          enc: contentEncryption,
          kid: recipient.id,
          cty: 'jwk+json',
        })
        .encrypt(recipient.wrappingKey),
    })),
  )
}

/** Imports the public key of a recipient. */
export function importWrappingKey(jwk: WrappingJwk): Promise<CryptoKey> {
  const parameters = jwk.kty === 'OKP' ? { name: 'X25519' } : { name: 'ECDH', namedCurve: 'P-256' }
  return crypto.subtle.importKey('jwk', jwk, parameters, true, [])
}

/**
 * Unwraps a key. The caller has to compare its public key with the one that the key server describes.
 *
 * @throws {VaultError} UNWRAP_FAILED when it cannot be opened with this management key, or contains no key; KEY_MISMATCH
 *   when it is wrapped for another management key, or contains another transaction key.
 */
export async function unwrap(
  jwe: string,
  { managementKey, expected }: { readonly managementKey: ManagementKey; readonly expected: WrappingContext },
): Promise<Secret> {
  if (headerKid(jwe) !== managementKey.id) {
    throw new VaultError('KEY_MISMATCH', { detail: 'It is wrapped for another management key.' })
  }
  const plaintext = parseObject(
    await decrypt(jwe, managementKey.wrappingSecret ?? managementKey.wrapping.privateKey),
  )
  const bound = new Map<string, unknown>(Object.entries(plaintext))
  const isBound = (name: string, value: string) => !bound.has(name) || bound.get(name) === value
  if (!isBound('kid', expected.id) || !isBound('aud', expected.applicationServer)) {
    throw new VaultError('KEY_MISMATCH', { detail: 'It was wrapped as another transaction key.' })
  }
  return parseSecret(plaintext)
}

function headerKid(jwe: string): string {
  try {
    return parseWrappedKeyHeader(jwe).kid
  } catch (error) {
    if (error instanceof InvalidJwe) throw new VaultError('UNWRAP_FAILED', { detail: error.message })
    throw error
  }
}

async function decrypt(jwe: string, key: CryptoKey): Promise<Uint8Array> {
  try {
    const { plaintext } = await compactDecrypt(jwe, key, {
      keyManagementAlgorithms: [algorithmFor(key)],
      contentEncryptionAlgorithms: [contentEncryption],
      // Wrapped keys are not compressed: this rejects a decompression bomb.
      maxDecompressedLength: 0,
    })
    return plaintext
  } catch {
    // One error for every cause: details would only help an attacker.
    throw new VaultError('UNWRAP_FAILED')
  }
}

function parseObject(bytes: Uint8Array): object {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    if (typeof value === 'object' && value !== null) return value
  } catch {
    // Thrown below: the parser's message would quote the secret.
  }
  throw new VaultError('UNWRAP_FAILED', { detail: 'The wrapped content is not a JWK.' })
}
