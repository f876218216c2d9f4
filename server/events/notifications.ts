/** One subscriber's side of the wake-up: set by a notification, taken by the subscriber. */
export interface Signal {
  /** Resolves at once when a notification came since the last call; otherwise with the next one, or after `ms`. */
  wait(ms: number): Promise<void>
  close(): void
}

/**
 * Hands notifications on to the subscribers of this process. A notification carries no news, only the word that there
 * is some: subscribers read what is new from the database, so one that is lost or doubled does no harm.
 */
export class Notifications {
  readonly #byAccount = new Map<string, Set<PendingSignal>>()

  subscribe(accountId: string): Signal {
    const bells = this.#byAccount.get(accountId) ?? new Set()
    this.#byAccount.set(accountId, bells)
    const bell = new PendingSignal(() => {
      bells.delete(bell)
      if (bells.size === 0) this.#byAccount.delete(accountId)
    })
    bells.add(bell)
    return bell
  }

  notify(accountId: string): void {
    for (const bell of this.#byAccount.get(accountId) ?? []) bell.notify()
  }

  /** After a time without notifications: every reader looks by itself. */
  notifyAll(): void {
    for (const bells of this.#byAccount.values()) for (const bell of bells) bell.notify()
  }
}

class PendingSignal implements Signal {
  #hasRung = false
  #answer: (() => void) | null = null
  readonly #onClose: () => void

  constructor(onClose: () => void) {
    this.#onClose = onClose
  }

  notify(): void {
    this.#hasRung = true
    this.#answer?.()
  }

  async wait(ms: number): Promise<void> {
    if (!this.#hasRung) {
      const { promise, resolve } = Promise.withResolvers<boolean>()
      const timer = setTimeout(resolve, ms, false)
      this.#answer = () => {
        resolve(true)
      }
      await promise
      clearTimeout(timer)
      this.#answer = null
    }
    this.#hasRung = false
  }

  close(): void {
    this.#onClose()
    this.notify()
  }
}
