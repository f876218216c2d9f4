/** The newest state that a device has seen at its key server, so that it refuses an older one. */
export interface TrustState {
  readonly v: 1
  /** The management key whose state this is. The state of another one is ignored. */
  readonly managementKeyId: string
  /** Transaction keys, the last seen at the end. At most {@link trustStateKeysMax}. */
  readonly transactionKeys: readonly SeenTransactionKey[]
  /** At most {@link trustStateKeysMax}. */
  readonly managementKeys: readonly SeenManagementKey[]
  /** The newest head of the audit log. Absent until one was seen. */
  readonly auditHead?: SeenAuditHead
}

export interface SeenTransactionKey {
  readonly id: string
  /** `iat` of the newest certificate that was seen, in Unix seconds; 0: none was seen. */
  readonly iat: number
  readonly isRevoked: boolean
}

export interface SeenManagementKey {
  readonly id: string
  /** Unix seconds; null when it is not revoked. */
  readonly revokedAt: number | null
}

export interface SeenAuditHead {
  readonly sequence: number
  /** Hex. */
  readonly hash: string
  /** Unix seconds, by the key server's clock. */
  readonly signedAt: number
  /** Entries of the last seven days when the log was verified, with Unix seconds. Absent until it was. */
  readonly recentEntries?: readonly { readonly sequence: number; readonly occurredAt: number }[]
}

/**
 * The store of a {@link TrustState}. It holds no secret; changing it can only weaken the protection against rollback. Remove
 * the record to accept an older state on purpose, e.g. after the key server was restored from a backup.
 */
export interface TrustStore {
  /**
   * @returns null when there is none yet.
   * @throws {VaultError} KEYSTORE_UNREADABLE, KEYSTORE_EXPOSED.
   */
  load(): Promise<TrustState | null>
  /** Replaces the state atomically. */
  save(state: TrustState): Promise<void>
}

/** Maximum number of transaction keys and of management keys; beyond it the least recently seen ones are dropped. */
export const trustStateKeysMax = 4096

/** A trust store in memory, which ends with the process. */
export function memoryTrustStore(): TrustStore {
  let kept: TrustState | null = null
  return {
    load: () => Promise.resolve(kept),
    save: (state) => {
      kept = state
      return Promise.resolve()
    },
  }
}
