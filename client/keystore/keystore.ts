import type { WebCryptoKey, WebCryptoKeyPair } from '../../schema/wire/keys/web-crypto-key.ts'
import type { TrustStore } from './trust-store.ts'

/** The record of a keystore: the management key of one owner, and where it is registered. */
export interface ManagementKeyRecord {
  /** The key server's origin, e.g. `https://keys.example`. */
  readonly url: string
  /** The account's name. */
  readonly owner: string
  /** RFC 7638 thumbprint of the signing key. */
  readonly id: string
  /** Ed25519, or ECDSA over P-256. Signs requests and statements. */
  readonly signing: WebCryptoKeyPair
  /** X25519, or P-256 where the runtime has no X25519. Other devices wrap keys to its public key. */
  readonly wrapping: WebCryptoKeyPair
  /** AES-256, for A256KW. When present, keys are wrapped with it, and the key server does not get `wrapping`. */
  readonly wrappingSecret?: WebCryptoKey | undefined
  /**
   * Ids of management keys to trust besides this one: those that the device was told of when it was paired or recovered.
   * With them it can verify what was certified before. Absent: none.
   */
  readonly anchors?: readonly string[]
  /** `VIEWER`: it reads, and changes nothing. Absent: a device that can do everything. */
  readonly kind?: 'VIEWER' | undefined
}

/** Maximum number of {@link ManagementKeyRecord.anchors}. */
export const anchorsMax = 100

/** The store of a device's management key. One keystore holds one management key. */
export interface Keystore {
  /** Whether the private keys must be extractable, because the keystore exports them. */
  readonly extractable: boolean

  /** The store of the device's trust state. Absent: the state lasts as long as the process. */
  readonly trustStore?: TrustStore | undefined

  /**
   * @returns null when the keystore is empty.
   * @throws {VaultError} KEYSTORE_LOCKED, KEYSTORE_EXPOSED, KEYSTORE_UNREADABLE.
   */
  load(): Promise<ManagementKeyRecord | null>

  /**
   * Stores the record durably before it resolves. It replaces a record of the same management key, or the one whose id is
   * `replacing`, and never another: that key may be the only one that opens its wrapped keys.
   *
   * @throws {VaultError} KEYSTORE_OCCUPIED when it holds another management key; else as {@link load}.
   */
  save(record: ManagementKeyRecord, options?: { readonly replacing?: string | undefined }): Promise<void>
}
