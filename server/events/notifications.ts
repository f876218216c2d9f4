/** Tells one subscriber of notifications. It is set by a notification, and reset by `wait`. */
export interface Signal {
  /** Resolves at once when a notification came since the last call; otherwise with the next one, or after `ms`; null: never. */
  wait(ms: number | null): Promise<void>
  close(): void
}

/**
 * Signals the subscribers of this process. A notification has no content: subscribers read what is new from the database, so a
 * lost or repeated one does no harm.
 */
export class Notifications {
  readonly #byAccount = new Map<string, Set<PendingSignal>>()
  readonly #sources = new Map<string, boolean>()

  /** Notifications are known to arrive, from all sources: while they do, a subscriber need not poll. */
  get isProven(): boolean {
    const states = [...this.#sources.values()]
    return states.length > 0 && states.every((isProven) => isProven)
  }

  /** Records whether notifications of a source arrive. When they no longer do, every subscriber is signalled. */
  setProven(isProven: boolean, source = ''): void {
    const wasProven = this.isProven
    this.#sources.set(source, isProven)
    if (wasProven && !isProven) this.notifyAll()
  }

  /** Removes a source, which is not listened at any more. */
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

  /** Signals every subscriber, after a time in which notifications were lost. */
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
