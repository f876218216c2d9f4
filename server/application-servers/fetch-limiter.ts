/** A fetch that may go on until its place is needed. */
export interface FetchPermit {
  /** Aborted when another fetch has taken the place. */
  readonly displaced: AbortSignal
  readonly release: () => void
}

interface HeldPermit {
  readonly site: string
  readonly controller: AbortController
}

/**
 * Places for fetches from sites that anybody may name. When all are taken, who comes takes the oldest place of the site
 * that has the most, himself counted: slow answers of one site keep out nobody else, and those of many only who is
 * slower.
 */
export class FetchLimiter {
  readonly #max: number
  /** The oldest first. */
  readonly #taken = new Set<HeldPermit>()

  constructor(max: number) {
    this.#max = max
  }

  acquire(url: URL): FetchPermit {
    const place: HeldPermit = { site: siteOf(url), controller: new AbortController() }
    this.#taken.add(place)
    if (this.#taken.size > this.#max) this.#displaceOne(place)
    return { displaced: place.controller.signal, release: () => this.#taken.delete(place) }
  }

  #displaceOne(newcomer: HeldPermit): void {
    const counts = new Map<string, number>()
    for (const { site } of this.#taken) counts.set(site, (counts.get(site) ?? 0) + 1)
    const most = Math.max(...counts.values())
    for (const place of this.#taken) {
      if (place === newcomer || counts.get(place.site) !== most) continue
      this.#taken.delete(place)
      place.controller.abort()
      return
    }
  }
}

/** Names below one domain are one site: they cost nothing. So the last two labels are taken for it, or the address. */
function siteOf({ hostname }: URL): string {
  const isAddress = hostname.startsWith('[') || /^[\d.]+$/.test(hostname)
  return isAddress ? hostname : hostname.split('.').slice(-2).join('.')
}
