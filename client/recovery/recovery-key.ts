import { ed25519, x25519 } from '@noble/curves/ed25519.js'
import { encodeBase64url } from '../../schema/wire/base64url.ts'
import { managementKeyId, type ManagementKey } from '../crypto/management-key.ts'
import { seedOf } from './phrase.ts'

/** The management key that is derived from a recovery phrase. */
export interface RecoveryKey {
  /** Not extractable: outside this process it exists only as the phrase. */
  readonly managementKey: ManagementKey
  /**
   * Binds the account's first management key to the phrase: 16 bytes, base64url. With it a reader that has only the phrase
   * distinguishes that key from one that a key server generated.
   */
  anchorTag(of: { readonly owner: string; readonly rootId: string }): Promise<string>
}

type Bytes = Uint8Array<ArrayBuffer>

const tagBytes = 16

/**
 * Derives the recovery key of a phrase: HKDF-SHA-256 (RFC 5869) over the BIP-39 seed, with a separate `info` for each
 * purpose. The result depends on the phrase alone.
 */
export async function recoveryKeyOf(words: readonly string[]): Promise<RecoveryKey> {
  const seed = await crypto.subtle.importKey('raw', await seedOf(words), 'HKDF', false, ['deriveBits'])
  const derive = async (purpose: string): Promise<Bytes> => {
    const info = new TextEncoder().encode(`claviger recovery ${purpose} v1`)
    const parameters = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info }
    return new Uint8Array(await crypto.subtle.deriveBits(parameters, seed, 256))
  }
  const signing = await importPair(await derive('signing key'), {
    crv: 'Ed25519',
    publicOf: ed25519.getPublicKey,
    privateUsages: ['sign'],
    publicUsages: ['verify'],
  })
  const wrapping = await importPair(await derive('wrapping key'), {
    crv: 'X25519',
    publicOf: x25519.getPublicKey,
    privateUsages: ['deriveBits'],
    publicUsages: [],
  })
  const hmac = { name: 'HMAC', hash: 'SHA-256' }
  const anchorKey = await crypto.subtle.importKey('raw', await derive('anchor'), hmac, false, ['sign'])
  return {
    managementKey: { id: await managementKeyId(signing.publicKey), signing, wrapping },
    anchorTag: async ({ owner, rootId }) => {
      // The id has a fixed length and comes first, so that the concatenation is unambiguous.
      const tag = await crypto.subtle.sign('HMAC', anchorKey, new TextEncoder().encode(`${rootId}${owner}`))
      return encodeBase64url(new Uint8Array(tag).slice(0, tagBytes))
    },
  }
}

async function importPair(
  secret: Bytes,
  {
    crv,
    publicOf,
    privateUsages,
    publicUsages,
  }: {
    readonly crv: 'Ed25519' | 'X25519'
    readonly publicOf: (secret: Uint8Array) => Uint8Array
    readonly privateUsages: KeyUsage[]
    readonly publicUsages: KeyUsage[]
  },
): Promise<CryptoKeyPair> {
  const publicJwk = { kty: 'OKP', crv, x: encodeBase64url(publicOf(secret)) }
  const privateJwk = { ...publicJwk, d: encodeBase64url(secret) }
  return {
    privateKey: await crypto.subtle.importKey('jwk', privateJwk, { name: crv }, false, privateUsages),
    publicKey: await crypto.subtle.importKey('jwk', publicJwk, { name: crv }, true, publicUsages),
  }
}
