export interface OpenPairing {
  readonly id: string
  /** The client address that opened it. */
  readonly address: string
}

interface CountedPairing {
  readonly address: string
  readonly untilMs: number
}

export interface PairingLimiterOptions {
  readonly perAddressMax: number
  /** For all addresses together. */
  readonly max: number
  /** How long a pairing counts that is not released. */
  readonly pairingMs: number
  /** Milliseconds on a clock that is never set, as `performance.now`. */
  readonly now?: () => number
}

/**
 * Limits open pairings, which anybody may open: at most `perAddressMax` for each address. Beyond `max` in total a new one
 * displaces the oldest one of the address that has the most, so that a flood hinders nobody at another address.
 */
export class PairingLimiter {
  readonly #options: PairingLimiterOptions
  /** By the pairing's id, the oldest first. */
  readonly #open = new Map<string, CountedPairing>()
  readonly #countOfAddress = new Map<string, number>()

  constructor(options: PairingLimiterOptions) {
    this.#options = options
  }

  /** Counts a pairing. @returns the pairings that it displaces; null when its address has as many as it may */
  acquire({ id, address }: OpenPairing): { readonly displaced: readonly string[] } | null {
    const { perAddressMax, max, pairingMs, now = () => performance.now() } = this.#options
    const nowMs = now()
    this.#releaseEnded(nowMs)
    const count = this.#countOfAddress.get(address) ?? 0
    if (this.#open.has(id)) return { displaced: [] }
    if (count >= perAddressMax) return null
    this.#open.set(id, { address, untilMs: nowMs + pairingMs })
    this.#countOfAddress.set(address, count + 1)
    const displaced = this.#open.size > max ? this.#oldestOfMost(id) : undefined
    if (displaced === undefined) return { displaced: [] }
    this.release(displaced)
    return { displaced: [displaced] }
  }

  /** Counts a pairing no longer; one that is not counted changes nothing. */
  release(id: string): void {
    const pairing = this.#open.get(id)
    if (pairing === undefined) return
    this.#open.delete(id)
    const count = (this.#countOfAddress.get(pairing.address) ?? 1) - 1
    if (count === 0) this.#countOfAddress.delete(pairing.address)
    else this.#countOfAddress.set(pairing.address, count)
  }

  #releaseEnded(nowMs: number): void {
    for (const [id, { untilMs }] of this.#open) {
      if (untilMs > nowMs) return
      this.release(id)
    }
  }

  #oldestOfMost(newcomer: string): string | undefined {
    const most = Math.max(...this.#countOfAddress.values())
    for (const [id, { address }] of this.#open) {
      if (id !== newcomer && this.#countOfAddress.get(address) === most) return id
    }
    return undefined
  }
}
