import { CompactEncrypt, compactDecrypt, exportJWK, generateKeyPair, importJWK } from 'jose'
import { z } from 'zod'
import { parseSigningJwk, type SigningJwk } from '../../schema/wire/keys/jwk.ts'
import { thumbprint } from '../../schema/wire/keys/thumbprint.ts'
import { deriveKey } from '../lib/sealed.ts'

/** A server key as the database stores it. */
export interface SealedServerKey {
  /** RFC 7638 thumbprint, the `kid` of what it signs. */
  readonly id: string
  readonly publicKey: SigningJwk
  /** The private JWK in a compact JWE (`dir`, A256GCM) under a key that is derived from the server's secret and `id`. */
  readonly sealedPrivateKey: string
}

/** A server key with its private key, ready to sign. */
export interface ServerKey {
  readonly id: string
  readonly publicKey: SigningJwk
  /** Not extractable. */
  readonly privateKey: CryptoKey
}

/** Generates an Ed25519 key pair and seals its private key. */
export async function createServerKey(secret: string): Promise<SealedServerKey> {
  const pair = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
  const publicKey = parseSigningJwk(await exportJWK(pair.publicKey))
  const id = await thumbprint(publicKey)
  const privateJwk = new TextEncoder().encode(JSON.stringify(await exportJWK(pair.privateKey)))
  const sealedPrivateKey = await new CompactEncrypt(privateJwk)
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: id, cty: 'jwk+json' })
    .encrypt(sealingKey(secret, id))
  return { id, publicKey, sealedPrivateKey }
}

/**
 * Opens a sealed key. Null when it was sealed under another secret, or when its parts do not belong together: an attacker
 * who can write to the database but lacks the secret cannot make the server publish or use a key of their own.
 */
export async function openServerKey(sealed: SealedServerKey, secret: string): Promise<ServerKey | null> {
  const { id, sealedPrivateKey } = sealed
  try {
    const { plaintext } = await compactDecrypt(sealedPrivateKey, sealingKey(secret, id), {
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: ['A256GCM'],
    })
    const jwk = privateJwkShape.parse(JSON.parse(new TextDecoder().decode(plaintext)))
    const publicKey = parseSigningJwk({ kty: jwk.kty, crv: jwk.crv, x: jwk.x })
    if ((await thumbprint(publicKey)) !== id) return null
    const privateKey = await importJWK(jwk, 'EdDSA', { extractable: false })
    return privateKey instanceof Uint8Array ? null : { id, publicKey, privateKey }
  } catch {
    // The cause is dropped: it could quote the key, and every cause means that this key cannot be used.
    return null
  }
}

const privateJwkShape = z.object({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: z.string(),
  d: z.string(),
})

/** The id as salt: no two keys share a sealing key. */
function sealingKey(secret: string, id: string): Uint8Array {
  return deriveKey(secret, { use: 'server key', salt: id })
}
