import type { TrustStore } from './trust-store.ts'

/** What a keystore keeps: the management key of one owner, and where it is registered. */
export interface ManagementKeyRecord {
  /** The key server's origin, e.g. `https://keys.example`. */
  readonly url: string
  /** The account's name. */
  readonly owner: string
  /** RFC 7638 thumbprint of the signing key. */
  readonly id: string
  /** Ed25519, or ECDSA over P-256. Authenticates requests. */
  readonly signing: CryptoKeyPair
  /** X25519, or P-256 where the runtime had no X25519. Others wrap keys to its public half. */
  readonly wrapping: CryptoKeyPair
  /** AES-256, for A256KW. Present: keys are wrapped under it, and the key server does not get `wrapping`. */
  readonly wrappingSecret?: CryptoKey | undefined
  /**
   * Ids of management keys to trust besides this one: those that its owner confirmed when the device was paired or
   * recovered. Without the approving device's keys among them it can check nothing that was stored before. Absent: none.
   */
  readonly anchors?: readonly string[]
}

/** Most {@link ManagementKeyRecord.anchors}. */
export const anchorsMax = 100

/** Where a management key lives. One keystore holds one management key. */
export interface Keystore {
  /** Whether the private keys must be extractable, because the keystore writes them down. */
  readonly extractable: boolean

  /** Where this device remembers what the key server has shown it. Absent: nothing is remembered beyond the process. */
  readonly trustStore?: TrustStore | undefined

  /**
   * @returns null when the keystore is empty.
   * @throws {VaultError} KEYSTORE_LOCKED, KEYSTORE_EXPOSED, KEYSTORE_UNREADABLE.
   */
  load(): Promise<ManagementKeyRecord | null>

  /**
   * Keeps the record durably before it resolves. Replaces a record of the same management key, and never another but the
   * one whose id is `replacing`: the other key may be the only way to open what it wraps.
   *
   * @throws {VaultError} KEYSTORE_OCCUPIED when it holds another management key; else as {@link load}.
   */
  save(record: ManagementKeyRecord, options?: { readonly replacing?: string | undefined }): Promise<void>
}
