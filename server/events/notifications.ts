/** One subscriber's side of the wake-up: set by a notification, taken by the subscriber. */
export interface Signal {
  /** Resolves at once when a notification came since the last call; otherwise with the next one, or after `ms`; null: never. */
  wait(ms: number | null): Promise<void>
  close(): void
}

/**
 * Hands notifications on to the subscribers of this process. A notification carries no news, only the word that there
 * is some: subscribers read what is new from the database, so one that is lost or doubled does no harm.
 */
export class Notifications {
  readonly #byAccount = new Map<string, Set<PendingSignal>>()
  readonly #sources = new Map<string, boolean>()

  /** Notifications are known to arrive, from all sources: while they are, whoever waits need not look by itself. */
  get isProven(): boolean {
    const states = [...this.#sources.values()]
    return states.length > 0 && states.every((isProven) => isProven)
  }

  /** Notes whether notifications of a source arrive. When they no longer do, every reader looks. */
  setProven(isProven: boolean, source = ''): void {
    const wasProven = this.isProven
    this.#sources.set(source, isProven)
    if (wasProven && !isProven) this.notifyAll()
  }

  /** There is no such source any more. */
  forget(source: string): void {
    this.#sources.delete(source)
  }

  subscribe(accountId: string): Signal {
    const signals = this.#byAccount.get(accountId) ?? new Set()
    this.#byAccount.set(accountId, signals)
    const signal = new PendingSignal(() => {
      signals.delete(signal)
      if (signals.size === 0) this.#byAccount.delete(accountId)
    })
    signals.add(signal)
    return signal
  }

  notify(accountId: string): void {
    for (const signal of this.#byAccount.get(accountId) ?? []) signal.notify()
  }

  /** After a time without notifications: every reader looks by itself. */
  notifyAll(): void {
    for (const signals of this.#byAccount.values()) for (const signal of signals) signal.notify()
  }
}

class PendingSignal implements Signal {
  #isNotified = false
  #answer: (() => void) | null = null
  readonly #onClose: () => void

  constructor(onClose: () => void) {
    this.#onClose = onClose
  }

  notify(): void {
    this.#isNotified = true
    this.#answer?.()
  }

  async wait(ms: number | null): Promise<void> {
    if (!this.#isNotified) {
      const { promise, resolve } = Promise.withResolvers<boolean>()
      const timer = ms === null ? undefined : setTimeout(resolve, ms, false)
      this.#answer = () => {
        resolve(true)
      }
      await promise
      clearTimeout(timer)
      this.#answer = null
    }
    this.#isNotified = false
  }

  close(): void {
    this.#onClose()
    this.notify()
  }
}
