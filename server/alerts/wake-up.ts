/** One subscriber's side of the wake-up: set by a notification, taken by the subscriber. */
export interface WakeUp {
  /** Resolves at once when a notification came since the last call; otherwise with the next one, or after `ms`. */
  wait(ms: number): Promise<void>
  close(): void
}

/**
 * Hands notifications on to the subscribers of this process. A notification carries no news, only the word that there
 * is some: subscribers read what is new from the database, so one that is lost or doubled does no harm.
 */
export class WakeUps {
  readonly #byAccount = new Map<string, Set<Bell>>()

  join(accountId: string): WakeUp {
    const bells = this.#byAccount.get(accountId) ?? new Set()
    this.#byAccount.set(accountId, bells)
    const bell = new Bell(() => {
      bells.delete(bell)
      if (bells.size === 0) this.#byAccount.delete(accountId)
    })
    bells.add(bell)
    return bell
  }

  ring(accountId: string): void {
    for (const bell of this.#byAccount.get(accountId) ?? []) bell.ring()
  }

  /** After a time without notifications: everybody looks for himself. */
  ringAll(): void {
    for (const bells of this.#byAccount.values()) for (const bell of bells) bell.ring()
  }
}

class Bell implements WakeUp {
  #hasRung = false
  #answer: (() => void) | null = null
  readonly #onClose: () => void

  constructor(onClose: () => void) {
    this.#onClose = onClose
  }

  ring(): void {
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
    this.ring()
  }
}
