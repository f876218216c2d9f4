import type { WebCryptoKey } from '../../schema/wire/keys/web-crypto-key.ts'
import { InvalidJwk, parseWrappingJwk, type PublicJwk } from '../../schema/wire/keys/jwk.ts'
import type { TransactionKeyAlgorithm } from '../crypto/transaction-key.ts'
import { VaultError } from '../errors.ts'
import type { DescribedTransactionKey } from './transaction-key.ts'

/**
 * An acquired transaction key. A method for another algorithm throws VaultError ALGORITHM_MISMATCH.
 */
export interface AcquiredKey {
  /** UUID. */
  readonly id: string
  readonly applicationServer: string
  readonly algorithm: TransactionKeyAlgorithm
  /** Null for A256GCM. */
  readonly publicKey: PublicJwk | null
  /** RFC 7638 thumbprint of `publicKey`; null for A256GCM. */
  readonly thumbprint: string | null
  /** The private or, for A256GCM, the secret key. Not extractable, unless the option `extractable` was set. */
  readonly cryptoKey: WebCryptoKey
  /** The key's description at the time of the acquisition, including this use. */
  readonly description: DescribedTransactionKey

  /** Ed25519 and P-256 (ECDSA with SHA-256, raw r||s): a signature of 64 bytes. */
  sign(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>

  /**
   * X25519: the 32 bytes shared with the holder of `peer`. Derive keys from them, e.g. with HKDF; do not use them as a key.
   *
   * @throws {VaultError} PUBLIC_KEY_INVALID when `peer` is not a valid X25519 public key.
   */
  deriveBits(peer: unknown): Promise<Uint8Array<ArrayBuffer>>

  /** A256GCM: returns 12 random bytes of initialization vector, the ciphertext, and 16 bytes of tag. */
  encrypt(plaintext: Uint8Array<ArrayBuffer>, options?: AuthenticatedData): Promise<Uint8Array<ArrayBuffer>>

  /**
   * A256GCM: decrypts the result of {@link encrypt} with the same `additionalData`.
   *
   * @throws {VaultError} DECRYPT_FAILED.
   */
  decrypt(sealed: Uint8Array<ArrayBuffer>, options?: AuthenticatedData): Promise<Uint8Array<ArrayBuffer>>
}

/** Data that is authenticated with the plaintext, but not encrypted. */
export interface AuthenticatedData {
  readonly additionalData?: Uint8Array<ArrayBuffer> | undefined
}

const ivBytes = 12

/** Adds the operations to a verified and imported key. */
export function acquiredKey({
  algorithm,
  cryptoKey,
  transactionKey,
}: {
  readonly algorithm: TransactionKeyAlgorithm
  readonly cryptoKey: CryptoKey
  readonly transactionKey: DescribedTransactionKey
}): AcquiredKey {
  const { id, applicationServer, publicKey, thumbprint } = transactionKey
  const assertAlgorithm = (...allowed: readonly TransactionKeyAlgorithm[]) => {
    if (allowed.includes(algorithm)) return
    throw new VaultError('ALGORITHM_MISMATCH', { detail: `The operation needs ${allowed.join(' or ')}.` })
  }
  return {
    id,
    applicationServer,
    algorithm,
    publicKey,
    thumbprint,
    cryptoKey,
    description: transactionKey,
    sign: async (bytes) => {
      assertAlgorithm('Ed25519', 'P-256')
      const parameters = algorithm === 'Ed25519' ? { name: 'Ed25519' } : { name: 'ECDSA', hash: 'SHA-256' }
      return new Uint8Array(await crypto.subtle.sign(parameters, cryptoKey, bytes))
    },
    deriveBits: async (peer) => {
      assertAlgorithm('X25519')
      const parameters = { name: 'X25519', public: await importPeer(peer) }
      return new Uint8Array(await crypto.subtle.deriveBits(parameters, cryptoKey, 256))
    },
    encrypt: async (plaintext, options) => {
      assertAlgorithm('A256GCM')
      const iv = crypto.getRandomValues(new Uint8Array(ivBytes))
      const ciphertext = await crypto.subtle.encrypt(gcmParameters(iv, options), cryptoKey, plaintext)
      const sealed = new Uint8Array(ivBytes + ciphertext.byteLength)
      sealed.set(iv)
      sealed.set(new Uint8Array(ciphertext), ivBytes)
      return sealed
    },
    decrypt: async (sealed, options) => {
      assertAlgorithm('A256GCM')
      const [iv, ciphertext] = [sealed.subarray(0, ivBytes), sealed.subarray(ivBytes)]
      try {
        return new Uint8Array(await crypto.subtle.decrypt(gcmParameters(iv, options), cryptoKey, ciphertext))
      } catch {
        throw new VaultError('DECRYPT_FAILED')
      }
    },
  }
}

function gcmParameters(
  iv: Uint8Array<ArrayBuffer>,
  { additionalData }: AuthenticatedData = {},
): AesGcmParams {
  return { name: 'AES-GCM', iv, tagLength: 128, ...(additionalData && { additionalData }) }
}

async function importPeer(peer: unknown): Promise<CryptoKey> {
  try {
    const jwk = parseWrappingJwk(peer)
    if (jwk.crv === 'X25519') return await crypto.subtle.importKey('jwk', jwk, { name: 'X25519' }, true, [])
  } catch (error) {
    if (!(error instanceof InvalidJwk)) throw error
  }
  throw new VaultError('PUBLIC_KEY_INVALID', { detail: 'It must be an X25519 public key.' })
}
