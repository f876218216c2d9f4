import { decodeBase64url, encodeBase64url } from '../../schema/wire/base64url.ts'
import { VaultError } from '../errors.ts'

/*
 * The code that a new device displays, and that the owner carries to the approving device: the thumbprint of its signing
 * key, and a secret of 128 bits for this pairing. The key server never learns the secret. All messages between the two
 * devices are encrypted and authenticated with keys that are derived from it.
 */

const prefix = 'CV1-'
const thumbprintBytes = 32
const secretBytes = 16

type Bytes = Uint8Array<ArrayBuffer>

/** The values that both devices derive from a code. */
export interface PairingSecrets {
  /** RFC 7638 thumbprint of the new device's signing key, base64url. */
  readonly managementKeyId: string
  /** The id of the pairing at the key server: 16 bytes, base64url. It reveals nothing about the secret. */
  readonly pairingId: string
  /** AES-256, for the message of the new device. */
  readonly requestKey: Bytes
  /** AES-256, for the message of the approving device. */
  readonly answerKey: Bytes
  /** The secret itself, for the fingerprint words. */
  readonly secret: Bytes
}

/** Creates a code for a new device, with a new secret. */
export function createPairingCode(managementKeyId: string): string {
  const thumbprint = decodeBase64url(managementKeyId)
  if (thumbprint?.length !== thumbprintBytes) throw new TypeError('A management key id is a thumbprint.')
  const bytes = new Uint8Array(thumbprintBytes + secretBytes)
  bytes.set(thumbprint)
  crypto.getRandomValues(bytes.subarray(thumbprintBytes))
  return `${prefix}${encodeBase64url(bytes)}`
}

/**
 * Parses a code. White space is ignored.
 *
 * @throws {VaultError} PAIRING_CODE_INVALID.
 */
export async function readPairingCode(code: string): Promise<PairingSecrets> {
  const text = code.replaceAll(/\s/g, '')
  const bytes = text.startsWith(prefix) ? decodeBase64url(text.slice(prefix.length)) : null
  if (bytes?.length !== thumbprintBytes + secretBytes) throw new VaultError('PAIRING_CODE_INVALID')
  const thumbprint = bytes.slice(0, thumbprintBytes)
  const secret = bytes.slice(thumbprintBytes)
  const derive = (purpose: string, byteCount: number) =>
    deriveBytes(secret, { salt: thumbprint, info: `claviger pairing ${purpose}`, byteCount })
  return {
    managementKeyId: encodeBase64url(thumbprint),
    pairingId: encodeBase64url(await derive('id', 16)),
    requestKey: await derive('request', 32),
    answerKey: await derive('answer', 32),
    secret,
  }
}

/** HKDF-SHA-256 (RFC 5869). */
async function deriveBytes(
  secret: Bytes,
  { salt, info, byteCount }: { readonly salt: Bytes; readonly info: string; readonly byteCount: number },
): Promise<Bytes> {
  const key = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveBits'])
  const parameters = { name: 'HKDF', hash: 'SHA-256', salt, info: new TextEncoder().encode(info) }
  return new Uint8Array(await crypto.subtle.deriveBits(parameters, key, byteCount * 8))
}
