import { LRUCache } from 'lru-cache'
import { countedAddress } from '../lib/counted-address.ts'
import { isLoopback } from '../lib/loopback.ts'
import { ClientRates, type ClientRatesOptions, type Limiters } from './client-rates.ts'
import { defaultRateLimits, loopbackRateLimits, rateLimitNames, type RateLimits } from './rate-limit-names.ts'
import { RateLimiter } from './rate-limiter.ts'

export interface ServerRatesOptions extends Pick<ClientRatesOptions, 'databases' | 'serverKeySecret'> {
  /** A name that is missing is not limited. */
  readonly limits: Partial<RateLimits>
  /** Clients on the same machine may do what the limits of development allow, where those are higher. */
  readonly isDevelopment: boolean
}

/** Counts how much of its rate limits all clients of a server have taken. */
export class ServerRates {
  readonly #options: ServerRatesOptions
  readonly #limiters: Limiters
  readonly #limitersOfLoopback: Limiters
  /** Saves making one for each request. Nothing is lost with one that is evicted: the counts are in the limiters. */
  readonly #clients = new LRUCache<string, ClientRates>({
    max: clientsMax,
    memoMethod: (address) => this.#ratesOf(address),
  })

  constructor(options: ServerRatesOptions) {
    const { limits, isDevelopment } = options
    this.#options = options
    this.#limiters = createLimiters(limits)
    this.#limitersOfLoopback = isDevelopment ? createLimiters(raised(limits)) : this.#limiters
  }

  /** The rates of one client. @param address as the server knows it (TRUSTED_PROXIES) */
  of(address: string): ClientRates {
    return this.#clients.memo(address)
  }

  #ratesOf(address: string): ClientRates {
    const limiters = isLoopback(address) ? this.#limitersOfLoopback : this.#limiters
    return new ClientRates({ ...this.#options, limiters, address: countedAddress(address) })
  }
}

const clientsMax = 1_000

function createLimiters(limits: Partial<RateLimits>): Limiters {
  return new Map(
    rateLimitNames.flatMap((name) => {
      const limit = limits[name]
      return limit === undefined ? [] : [[name, { limit, limiter: new RateLimiter(limit) }] as const]
    }),
  )
}

/** The higher one of each limit that is set. */
function raised(limits: Partial<RateLimits>): Partial<RateLimits> {
  const higher: RateLimits = { ...defaultRateLimits, ...loopbackRateLimits }
  return Object.fromEntries(
    rateLimitNames.flatMap((name) => {
      const set = limits[name]
      const ofLoopback = higher[name]
      return set === undefined ? [] : [[name, set.count > ofLoopback.count ? set : ofLoopback]]
    }),
  )
}
