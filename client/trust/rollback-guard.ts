import { VaultError } from '../errors.ts'
import { earliest } from './chain.ts'
import {
  trustStateKeysMax,
  type SeenManagementKey,
  type SeenTransactionKey,
  type TrustStore,
  type TrustState,
} from '../keystore/trust-store.ts'

/**
 * One device's memory at work: read once, asked in memory, and written when there is something new. Several processes
 * may share a memory: what each has learned is joined with what is kept before it is written.
 */
export class RollbackGuard {
  readonly #managementKeyId: string
  readonly #predecessors: readonly string[]
  readonly #memory: TrustStore
  readonly #transactionKeys = new Map<string, SeenTransactionKey>()
  readonly #managementKeys = new Map<string, number | null>()
  #loaded: Promise<void> | null = null
  #hasNews = false
  #written: Promise<void> = Promise.resolve()

  /** @param options.predecessors management keys of the same account: what was remembered for one of these counts too. */
  constructor(
    managementKeyId: string,
    memory: TrustStore,
    { predecessors = [] }: { readonly predecessors?: readonly string[] } = {},
  ) {
    this.#managementKeyId = managementKeyId
    this.#predecessors = predecessors
    this.#memory = memory
  }

  /** Reads what is kept, the first time. Call it before anything else. */
  load(): Promise<void> {
    this.#loaded ??= this.#join()
    return this.#loaded
  }

  transactionKey(id: string): SeenTransactionKey | null {
    return this.#transactionKeys.get(id) ?? null
  }

  /** By id: the second of the revocation, null when there was none. */
  get managementKeys(): ReadonlyMap<string, number | null> {
    return this.#managementKeys
  }

  /** Remembers the newest of what was seen, and for good that a key was revoked. */
  recordTransactionKey({ id, iat, isRevoked }: SeenTransactionKey): void {
    const known = this.#transactionKeys.get(id)
    const next = {
      id,
      iat: Math.max(iat, known?.iat ?? 0),
      isRevoked: isRevoked || (known?.isRevoked ?? false),
    }
    // To the end: those at the beginning are forgotten first.
    this.#transactionKeys.delete(id)
    this.#transactionKeys.set(id, next)
    if (next.iat !== known?.iat || next.isRevoked !== known.isRevoked) this.#hasNews = true
    forgetOldest(this.#transactionKeys)
  }

  /** Remembers for good that it was revoked, and of several dates the earliest. */
  recordManagementKey({ id, revokedAt }: SeenManagementKey): void {
    const known = this.#managementKeys.get(id)
    const next = earliest(known ?? null, revokedAt)
    if (next === known) return
    this.#managementKeys.set(id, next)
    this.#hasNews = true
    forgetOldest(this.#managementKeys)
  }

  /** Writes what is new, if anything is. */
  flush(): Promise<void> {
    if (!this.#hasNews) return this.#written
    this.#hasNews = false
    const writing = this.#written.then(() => this.#write())
    // The next write must not fail for this one's reason.
    this.#written = writing.catch(() => {
      this.#hasNews = true
    })
    return writing
  }

  async #write(): Promise<void> {
    await this.#join()
    this.#hasNews = false
    await this.#memory.save({
      v: 1,
      managementKeyId: this.#managementKeyId,
      transactionKeys: [...this.#transactionKeys.values()],
      managementKeys: [...this.#managementKeys].map(([id, revokedAt]) => ({ id, revokedAt })),
    })
  }

  async #join(): Promise<void> {
    const kept = await this.#memory.load()
    if (kept === null || ![this.#managementKeyId, ...this.#predecessors].includes(kept.managementKeyId))
      return
    assertBounded(kept)
    const seenHere = [...this.#transactionKeys.values()]
    for (const key of kept.transactionKeys) this.recordTransactionKey(key)
    for (const key of kept.managementKeys) this.recordManagementKey(key)
    for (const key of seenHere) this.recordTransactionKey(key)
  }
}

function assertBounded({ transactionKeys, managementKeys }: TrustState): void {
  if (Math.max(transactionKeys.length, managementKeys.length) <= trustStateKeysMax) return
  throw new VaultError('KEYSTORE_UNREADABLE', { detail: 'It remembers more than it may.' })
}

function forgetOldest(remembered: Map<string, unknown>): void {
  const [oldest] = remembered.keys()
  if (remembered.size > trustStateKeysMax && oldest !== undefined) remembered.delete(oldest)
}
