import type { ClientRates } from '../rate-limits/client-rates.ts'
import type { PresentedKey } from './look-up.ts'

/** A presented key that does not coincide. The owner may not exist. */
export type Mismatch = PresentedKey

/** A mismatch, and the rates of the client that reported it. */
export interface ReportedMismatch extends Mismatch {
  readonly rates: Pick<ClientRates, 'tryTake'>
}

export interface MismatchQueueOptions {
  readonly max: number
  /** The most that wait for one application server of an account. */
  readonly perApplicationServerMax: number
}

/**
 * Mismatches that wait for the alarm. When the queue is full, the oldest one of the account that has the most is dropped: one
 * account cannot fill the queue for all.
 */
export class MismatchQueue {
  readonly #options: MismatchQueueOptions
  /** By account, application server and thumbprint, the oldest first. */
  readonly #waiting = new Map<string, ReportedMismatch>()
  readonly #ofAccount = new Map<string, number>()
  readonly #ofApplicationServer = new Map<string, number>()
  #dropped = 0

  constructor(options: MismatchQueueOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#waiting.size
  }

  /** Adds a mismatch, unless it waits already or its application server has as many as it may. */
  add(mismatch: ReportedMismatch): void {
    const key = keyOf(mismatch)
    if (this.#waiting.has(key)) return
    const ofApplicationServer = this.#ofApplicationServer.get(applicationServerKeyOf(mismatch)) ?? 0
    if (ofApplicationServer >= this.#options.perApplicationServerMax) {
      this.#dropped++
      return
    }
    this.#waiting.set(key, mismatch)
    this.#count(mismatch, 1)
    if (this.#waiting.size > this.#options.max) this.#dropOldestOfMost()
  }

  /** Removes and returns the oldest ones. */
  take(countMax: number): readonly ReportedMismatch[] {
    const taken: ReportedMismatch[] = []
    for (const mismatch of this.#waiting.values()) {
      if (taken.length === countMax) break
      taken.push(mismatch)
    }
    for (const mismatch of taken) this.#remove(mismatch)
    return taken
  }

  /** How many were dropped since it was last asked. */
  takeDropped(): number {
    const dropped = this.#dropped
    this.#dropped = 0
    return dropped
  }

  #dropOldestOfMost(): void {
    let most = 0
    for (const count of this.#ofAccount.values()) most = Math.max(most, count)
    for (const mismatch of this.#waiting.values()) {
      if (this.#ofAccount.get(mismatch.accountId) !== most) continue
      this.#remove(mismatch)
      this.#dropped++
      return
    }
  }

  #remove(mismatch: Mismatch): void {
    this.#waiting.delete(keyOf(mismatch))
    this.#count(mismatch, -1)
  }

  #count(mismatch: Mismatch, change: 1 | -1): void {
    add(this.#ofAccount, mismatch.accountId, change)
    add(this.#ofApplicationServer, applicationServerKeyOf(mismatch), change)
  }
}

function keyOf({ accountId, applicationServer, thumbprint }: Mismatch): string {
  return JSON.stringify([accountId, applicationServer, thumbprint])
}

function applicationServerKeyOf({ accountId, applicationServer }: Mismatch): string {
  return JSON.stringify([accountId, applicationServer])
}

function add(counts: Map<string, number>, key: string, change: 1 | -1): void {
  const count = (counts.get(key) ?? 0) + change
  if (count === 0) counts.delete(key)
  else counts.set(key, count)
}
