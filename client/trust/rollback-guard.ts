import { VaultError } from '../errors.ts'
import { earliest } from './follow-endorsements.ts'
import {
  trustStateKeysMax,
  type SeenAuditHead,
  type SeenManagementKey,
  type SeenTransactionKey,
  type TrustStore,
  type TrustState,
} from '../keystore/trust-store.ts'

/**
 * Protects one device against rollback: it records the newest state seen, so that older states can be refused. It loads the
 * trust store once, and writes it when there is something new. Several processes may share a store: before a write the
 * stored state is merged with what this process has seen.
 */
export class RollbackGuard {
  readonly #managementKeyId: string
  readonly #predecessors: readonly string[]
  readonly #trustStore: TrustStore
  readonly #transactionKeys = new Map<string, SeenTransactionKey>()
  readonly #managementKeys = new Map<string, number | null>()
  #auditHead: SeenAuditHead | null = null
  #loaded: Promise<void> | null = null
  #hasNews = false
  #written: Promise<void> = Promise.resolve()

  /** @param options.predecessors earlier management keys of this device, whose stored state counts too. */
  constructor(
    managementKeyId: string,
    trustStore: TrustStore,
    { predecessors = [] }: { readonly predecessors?: readonly string[] } = {},
  ) {
    this.#managementKeyId = managementKeyId
    this.#predecessors = predecessors
    this.#trustStore = trustStore
  }

  /** Loads the trust store, once. Call it before any other method. */
  load(): Promise<void> {
    this.#loaded ??= this.#merge()
    return this.#loaded
  }

  transactionKey(id: string): SeenTransactionKey | null {
    return this.#transactionKeys.get(id) ?? null
  }

  /** By id: the Unix second of the revocation, null when the key is not revoked. */
  get managementKeys(): ReadonlyMap<string, number | null> {
    return this.#managementKeys
  }

  /** Records the newest `iat` seen, and a revocation for good. */
  recordTransactionKey({ id, iat, isRevoked }: SeenTransactionKey): void {
    const known = this.#transactionKeys.get(id)
    const next = {
      id,
      iat: Math.max(iat, known?.iat ?? 0),
      isRevoked: isRevoked || (known?.isRevoked ?? false),
    }
    // Moved to the end: those at the beginning are dropped first.
    this.#transactionKeys.delete(id)
    this.#transactionKeys.set(id, next)
    if (next.iat !== known?.iat || next.isRevoked !== known.isRevoked) this.#hasNews = true
    dropOldest(this.#transactionKeys)
  }

  /** Records a revocation for good, with the earliest date seen. */
  recordManagementKey({ id, revokedAt }: SeenManagementKey): void {
    const known = this.#managementKeys.get(id)
    const next = earliest(known ?? null, revokedAt)
    if (next === known) return
    this.#managementKeys.set(id, next)
    this.#hasNews = true
    dropOldest(this.#managementKeys)
  }

  /** The newest head of the audit log that was seen. */
  get auditHead(): SeenAuditHead | null {
    return this.#auditHead
  }

  /** Records a head of the audit log that is newer than the one before. */
  recordAuditHead(head: SeenAuditHead): void {
    const known = this.#auditHead
    const isNewer = known === null || head.sequence > known.sequence
    // The same head after a verification, which has seen its entries.
    const isVerified = head.sequence === known?.sequence && head.recentEntries !== undefined
    if (!isNewer && !(isVerified && known.recentEntries === undefined)) return
    const { recentEntries = known?.recentEntries } = head
    this.#auditHead = { ...head, ...(recentEntries && { recentEntries }) }
    this.#hasNews = true
  }

  /** Writes the trust store when there is something new. */
  flush(): Promise<void> {
    if (!this.#hasNews) return this.#written
    this.#hasNews = false
    const writing = this.#written.then(() => this.#write())
    // The caller gets the error; the next write must not fail with it too.
    this.#written = writing.catch(() => {
      this.#hasNews = true
    })
    return writing
  }

  async #write(): Promise<void> {
    await this.#merge()
    this.#hasNews = false
    await this.#trustStore.save({
      v: 1,
      managementKeyId: this.#managementKeyId,
      transactionKeys: [...this.#transactionKeys.values()],
      managementKeys: [...this.#managementKeys].map(([id, revokedAt]) => ({ id, revokedAt })),
      ...(this.#auditHead && { auditHead: this.#auditHead }),
    })
  }

  async #merge(): Promise<void> {
    const kept = await this.#trustStore.load()
    if (kept === null || ![this.#managementKeyId, ...this.#predecessors].includes(kept.managementKeyId))
      return
    assertBounded(kept)
    const seenHere = [...this.#transactionKeys.values()]
    for (const key of kept.transactionKeys) this.recordTransactionKey(key)
    for (const key of kept.managementKeys) this.recordManagementKey(key)
    for (const key of seenHere) this.recordTransactionKey(key)
    if (kept.auditHead !== undefined) this.recordAuditHead(kept.auditHead)
  }
}

function assertBounded({ transactionKeys, managementKeys }: TrustState): void {
  if (Math.max(transactionKeys.length, managementKeys.length) <= trustStateKeysMax) return
  throw new VaultError('KEYSTORE_UNREADABLE', { detail: 'The trust store has too many keys.' })
}

function dropOldest(entries: Map<string, unknown>): void {
  const [oldest] = entries.keys()
  if (entries.size > trustStateKeysMax && oldest !== undefined) entries.delete(oldest)
}
