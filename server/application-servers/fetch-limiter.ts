/** A fetch that may go on until its place is needed. */
export interface FetchPermit {
  /** Aborted when another fetch has taken the place. */
  readonly displaced: AbortSignal
  readonly release: () => void
}

interface HeldPermit {
  /** The client's address. */
  readonly address: string
  readonly site: string
  readonly controller: AbortController
}

/**
 * Permits for fetches from sites that anybody may name. When all are taken, a newcomer takes a permit of the client address
 * that has the most, the newcomer counted, and there the oldest of the site that has the most. So a client that names many
 * slow sites is in the way of itself, and slow answers of one site keep out nobody else's.
 */
export class FetchLimiter {
  readonly #max: number
  /** The oldest first. */
  readonly #taken = new Set<HeldPermit>()

  constructor(max: number) {
    this.#max = max
  }

  acquire(url: URL, address: string): FetchPermit {
    const place: HeldPermit = { address, site: siteOf(url), controller: new AbortController() }
    this.#taken.add(place)
    if (this.#taken.size > this.#max) this.#displaceOne(place)
    return { displaced: place.controller.signal, release: () => this.#taken.delete(place) }
  }

  #displaceOne(newcomer: HeldPermit): void {
    const ofAddress = placesOfMost([...this.#taken], ({ address }) => address)
    const candidates = placesOfMost(ofAddress, ({ site }) => site)
    // Alone with the most, the newcomer has no place to give but its own.
    const place = candidates.find((candidate) => candidate !== newcomer) ?? newcomer
    this.#taken.delete(place)
    place.controller.abort()
  }
}

/** The places of all holders that have as many as the one that has the most, in order. */
function placesOfMost(
  places: readonly HeldPermit[],
  holderOf: (place: HeldPermit) => string,
): readonly HeldPermit[] {
  const counts = new Map<string, number>()
  for (const place of places) counts.set(holderOf(place), (counts.get(holderOf(place)) ?? 0) + 1)
  const most = Math.max(...counts.values())
  return places.filter((place) => counts.get(holderOf(place)) === most)
}

/** Names below one domain are one site: they cost nothing. So the last two labels are taken for it, or the address. */
function siteOf({ hostname }: URL): string {
  const isAddress = hostname.startsWith('[') || /^[\d.]+$/.test(hostname)
  return isAddress ? hostname : hostname.split('.').slice(-2).join('.')
}
