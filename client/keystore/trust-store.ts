/** What a device remembers of what its key server has shown it, so that it can not be shown something older. */
export interface TrustState {
  readonly v: 1
  /** Whose memory this is. That of another management key counts for nothing. */
  readonly managementKeyId: string
  /** Transaction keys, those seen last at the end. At most {@link trustStateKeysMax}. */
  readonly transactionKeys: readonly SeenTransactionKey[]
  /** At most {@link trustStateKeysMax}. */
  readonly managementKeys: readonly SeenManagementKey[]
}

export interface SeenTransactionKey {
  readonly id: string
  /** Of the newest certificate that was seen, in Unix seconds. */
  readonly iat: number
  readonly isRevoked: boolean
}

export interface SeenManagementKey {
  readonly id: string
  /** Unix seconds; null when it was not revoked. */
  readonly revokedAt: number | null
}

/**
 * Where a {@link TrustState} is kept. It holds no secret; who changes it can only make a device forget. To make it
 * forget on purpose, after the key server was restored from a backup for one, remove the record.
 */
export interface TrustStore {
  /**
   * @returns null when there is none yet.
   * @throws {VaultError} KEYSTORE_UNREADABLE, KEYSTORE_EXPOSED.
   */
  load(): Promise<TrustState | null>
  /** Replaces the record: wholly or not at all. */
  save(record: TrustState): Promise<void>
}

/** Most keys of either sort that are remembered. Of more, those that were not seen for longest are forgotten. */
export const trustStateKeysMax = 4096

/** A memory that lasts as long as the process. */
export function memoryTrustStore(): TrustStore {
  let kept: TrustState | null = null
  return {
    load: () => Promise.resolve(kept),
    save: (record) => {
      kept = record
      return Promise.resolve()
    },
  }
}
