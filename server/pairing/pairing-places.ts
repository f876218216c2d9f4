export interface OpenPairing {
  readonly id: string
  /** The client address that opened it. */
  readonly address: string
}

interface Place {
  readonly address: string
  readonly untilMs: number
}

export interface PairingPlacesOptions {
  readonly perAddressMax: number
  /** For all addresses together. */
  readonly max: number
  /** How long a place is kept that is not given back. */
  readonly placeMs: number
  /** Milliseconds on a clock that is never set, as `performance.now`. */
  readonly now?: () => number
}

/**
 * Bounds open pairings, which anybody may open: at most `perAddressMax` for each address. Beyond `max` in total a newcomer takes
 * the oldest place of the address that has the most, so that a flood hinders nobody at another address.
 */
export class PairingPlaces {
  readonly #options: PairingPlacesOptions
  /** By the pairing's id, the oldest first. */
  readonly #taken = new Map<string, Place>()
  readonly #ofAddress = new Map<string, number>()

  constructor(options: PairingPlacesOptions) {
    this.#options = options
  }

  /** Takes a place. Answers null when the address has all of its own, else the pairings that lose theirs. */
  take({ id, address }: OpenPairing): { readonly displaced: readonly string[] } | null {
    const { perAddressMax, max, placeMs, now = () => performance.now() } = this.#options
    const nowMs = now()
    this.#forgetEnded(nowMs)
    const ofAddress = this.#ofAddress.get(address) ?? 0
    if (this.#taken.has(id)) return { displaced: [] }
    if (ofAddress >= perAddressMax) return null
    this.#taken.set(id, { address, untilMs: nowMs + placeMs })
    this.#ofAddress.set(address, ofAddress + 1)
    const displaced = this.#taken.size > max ? this.#oldestOfMost(id) : undefined
    if (displaced === undefined) return { displaced: [] }
    this.giveBack(displaced)
    return { displaced: [displaced] }
  }

  /** Ends a pairing's place; of one that has none nothing changes. */
  giveBack(id: string): void {
    const place = this.#taken.get(id)
    if (place === undefined) return
    this.#taken.delete(id)
    const left = (this.#ofAddress.get(place.address) ?? 1) - 1
    if (left === 0) this.#ofAddress.delete(place.address)
    else this.#ofAddress.set(place.address, left)
  }

  #forgetEnded(nowMs: number): void {
    for (const [id, { untilMs }] of this.#taken) {
      if (untilMs > nowMs) return
      this.giveBack(id)
    }
  }

  #oldestOfMost(newcomer: string): string | undefined {
    const most = Math.max(...this.#ofAddress.values())
    for (const [id, { address }] of this.#taken) {
      if (id !== newcomer && this.#ofAddress.get(address) === most) return id
    }
    return undefined
  }
}
