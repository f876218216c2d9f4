/** The permit of a fetch, which may go on until it is displaced. */
export interface FetchPermit {
  /** Aborted when another fetch has taken the permit. */
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
 * Limits concurrent fetches from sites that anybody may name. When all permits are taken, a newcomer displaces a fetch of the
 * client address that has the most, the newcomer counted, and of these the oldest from the site that has the most. So a client
 * that names many slow sites displaces its own fetches, and one slow site blocks no other.
 */
export class FetchLimiter {
  readonly #max: number
  /** The oldest first. */
  readonly #taken = new Set<HeldPermit>()

  constructor(max: number) {
    this.#max = max
  }

  acquire(url: URL, address: string): FetchPermit {
    const permit: HeldPermit = { address, site: siteOf(url), controller: new AbortController() }
    this.#taken.add(permit)
    if (this.#taken.size > this.#max) this.#displaceOne(permit)
    return { displaced: permit.controller.signal, release: () => this.#taken.delete(permit) }
  }

  #displaceOne(newcomer: HeldPermit): void {
    const ofAddress = permitsOfMost([...this.#taken], ({ address }) => address)
    const candidates = permitsOfMost(ofAddress, ({ site }) => site)
    // A newcomer that alone has the most displaces itself.
    const displaced = candidates.find((candidate) => candidate !== newcomer) ?? newcomer
    this.#taken.delete(displaced)
    displaced.controller.abort()
  }
}

/** The permits of all holders that have the most, in order. */
function permitsOfMost(
  permits: readonly HeldPermit[],
  holderOf: (permit: HeldPermit) => string,
): readonly HeldPermit[] {
  const counts = new Map<string, number>()
  for (const permit of permits) counts.set(holderOf(permit), (counts.get(holderOf(permit)) ?? 0) + 1)
  const most = Math.max(...counts.values())
  return permits.filter((permit) => counts.get(holderOf(permit)) === most)
}

/** The last two labels of a host's name, or its address: further names below a domain cost nothing. */
function siteOf({ hostname }: URL): string {
  const isAddress = hostname.startsWith('[') || /^[\d.]+$/.test(hostname)
  return isAddress ? hostname : hostname.split('.').slice(-2).join('.')
}
