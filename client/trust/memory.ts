/** What a device remembers of what its key server has shown it, so that it can not be shown something older. */
export interface TrustRecord {
  readonly v: 1
  /** Whose memory this is. That of another management key counts for nothing. */
  readonly managementKeyId: string
  /** Transaction keys, those seen last at the end. At most {@link rememberedMax}. */
  readonly transactionKeys: readonly RememberedTransactionKey[]
  /** At most {@link rememberedMax}. */
  readonly managementKeys: readonly RememberedManagementKey[]
}

export interface RememberedTransactionKey {
  readonly id: string
  /** Of the newest certificate that was seen, in Unix seconds. */
  readonly iat: number
  readonly isRevoked: boolean
}

export interface RememberedManagementKey {
  readonly id: string
  /** Unix seconds; null when it was not revoked. */
  readonly revokedAt: number | null
}

/**
 * Where a {@link TrustRecord} is kept. It holds no secret; who changes it can only make a device forget. To make it
 * forget on purpose, after the key server was restored from a backup for one, remove the record.
 */
export interface TrustMemory {
  /**
   * @returns null when there is none yet.
   * @throws {VaultError} KEYSTORE_UNREADABLE, KEYSTORE_EXPOSED.
   */
  load(): Promise<TrustRecord | null>
  /** Replaces the record: wholly or not at all. */
  save(record: TrustRecord): Promise<void>
}

/** Most keys of either sort that are remembered. Of more, those that were not seen for longest are forgotten. */
export const rememberedMax = 4096

/** A memory that lasts as long as the process. */
export function processMemory(): TrustMemory {
  let kept: TrustRecord | null = null
  return {
    load: () => Promise.resolve(kept),
    save: (record) => {
      kept = record
      return Promise.resolve()
    },
  }
}
