import { encodeBase64url } from '../../schema/wire/base64url.ts'
import {
  isUnsupported,
  managementKeyId,
  type ManagementKey,
  type SigningAlgorithm,
} from '../crypto/management-key.ts'
import { publicHalfOf } from '../crypto/public-half.ts'
import { VaultError } from '../errors.ts'
import { loaded } from '../loaded.ts'
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

/** The algorithms of a recovery key, in the order in which they are tried: Ed25519 with X25519, and P-256 for both. */
export const recoveryAlgorithms: readonly SigningAlgorithm[] = ['Ed25519', 'P-256']

/**
 * Derives the recovery key of a phrase: HKDF-SHA-256 (RFC 5869) over the BIP-39 seed, with a separate `info` for each
 * purpose. The result depends on the phrase and the algorithm alone.
 *
 * @throws {VaultError} RUNTIME_UNSUPPORTED when Web Crypto does not have the algorithm.
 */
export async function recoveryKeyOf(
  words: readonly string[],
  algorithm: SigningAlgorithm = 'Ed25519',
): Promise<RecoveryKey> {
  const seed = await crypto.subtle.importKey('raw', await seedOf(words), 'HKDF', false, ['deriveBits'])
  const derive = async (purpose: string, bytes = 32): Promise<Bytes> => {
    const info = new TextEncoder().encode(`claviger recovery ${purpose} v1`)
    const parameters = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info }
    return new Uint8Array(await crypto.subtle.deriveBits(parameters, seed, bytes * 8))
  }
  const { signing, wrapping } = await derivePairs(algorithm, derive).catch((error: unknown) => {
    if (!isUnsupported(error)) throw error
    throw new VaultError('RUNTIME_UNSUPPORTED', {
      detail: `A recovery key of ${algorithm} needs Web Crypto with it${algorithm === 'Ed25519' ? ' and X25519' : ''}.`,
    })
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

async function derivePairs(
  algorithm: SigningAlgorithm,
  derive: (purpose: string, bytes?: number) => Promise<Bytes>,
): Promise<Pick<ManagementKey, 'signing' | 'wrapping'>> {
  const [sign, agree]: readonly [PairUse, PairUse] = [
    { privateUsages: ['sign'], publicUsages: ['verify'] },
    { privateUsages: ['deriveBits'], publicUsages: [] },
  ]
  if (algorithm === 'Ed25519') {
    return {
      signing: await importPair('Ed25519', await derive('signing key'), {
        parameters: { name: 'Ed25519' },
        ...sign,
      }),
      wrapping: await importPair('X25519', await derive('wrapping key'), {
        parameters: { name: 'X25519' },
        ...agree,
      }),
    }
  }
  const { scalarInputBytes, scalarOf } = await loaded(import('../crypto/arithmetic.ts'))
  return {
    signing: await importPair('P-256', scalarOf(await derive('P-256 signing key', scalarInputBytes)), {
      parameters: { name: 'ECDSA', namedCurve: 'P-256' },
      ...sign,
    }),
    wrapping: await importPair('P-256', scalarOf(await derive('P-256 wrapping key', scalarInputBytes)), {
      parameters: { name: 'ECDH', namedCurve: 'P-256' },
      ...agree,
    }),
  }
}

interface PairUse {
  readonly privateUsages: KeyUsage[]
  readonly publicUsages: KeyUsage[]
}

async function importPair(
  algorithm: 'Ed25519' | 'X25519' | 'P-256',
  secret: Bytes,
  {
    parameters,
    privateUsages,
    publicUsages,
  }: PairUse & { readonly parameters: Algorithm | EcKeyImportParams },
): Promise<CryptoKeyPair> {
  const d = encodeBase64url(secret)
  const publicJwk = { ...(await publicHalfOf({ algorithm, jwk: { d } })) }
  const privateJwk = { ...publicJwk, d }
  return {
    privateKey: await crypto.subtle.importKey('jwk', privateJwk, parameters, false, privateUsages),
    publicKey: await crypto.subtle.importKey('jwk', publicJwk, parameters, true, publicUsages),
  }
}
