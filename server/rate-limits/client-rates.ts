import { createHmac } from 'node:crypto'
import { KeyServerError } from '../../schema/wire/errors.ts'
import type { Databases } from '../database/connect.ts'
import { isOfOtherNode } from '../database/lost-connection.ts'
import type { RateLimitName } from './rate-limit-names.ts'
import type { RateLimit, RateLimiter } from './rate-limiter.ts'
import { takeShared } from './shared-rates.ts'

/** Limits that all servers of a database count together: rare, and each is followed by a commit anyway. */
export type SharedRateLimitName = 'openings' | 'registrations' | 'pairings'

/** The limits beyond which a request is refused. */
type RefusingRateLimitName = Exclude<RateLimitName, 'log-lines'>

/** The limits that a server applies. A name that is missing is not limited. */
export type Limiters = ReadonlyMap<
  RateLimitName,
  { readonly limit: RateLimit; readonly limiter: RateLimiter }
>

export interface ClientRatesOptions {
  readonly limiters: Limiters
  /** As it is counted. */
  readonly address: string
  readonly databases: Pick<Databases, 'writes'>
  /** Makes of the address what the database may hold of it. */
  readonly serverKeySecret: string
}

/** How much to take, and for whom beside the address. */
export interface RateTaking {
  /** Default: 1. */
  readonly cost?: number
  /** The account, or the application server. */
  readonly principalId?: string
}

/** The remaining allowance of one client. Beyond a limit nothing is taken. */
export class ClientRates {
  readonly #options: ClientRatesOptions

  constructor(options: ClientRatesOptions) {
    this.#options = options
  }

  /** @throws {KeyServerError} RATE_LIMITED */
  take(name: RefusingRateLimitName, taking: RateTaking = {}): void {
    const wait = this.#waitOf(name, taking)
    if (wait > 0) throw refusal(name, wait)
    this.#take(name, taking)
  }

  /** As {@link take}. @returns false instead of throwing */
  tryTake(name: RateLimitName): boolean {
    if (this.#waitOf(name, {}) > 0) return false
    this.#take(name, {})
    return true
  }

  /** Whether one more may be taken. @throws {KeyServerError} RATE_LIMITED */
  assertLeft(name: RefusingRateLimitName): void {
    const wait = this.#waitOf(name, {})
    if (wait > 0) throw refusal(name, wait)
  }

  /** As {@link take}, counted by all servers of the database together. @throws {KeyServerError} RATE_LIMITED */
  async takeShared(name: SharedRateLimitName): Promise<void> {
    const { limiters, address, databases, serverKeySecret } = this.#options
    const limit = limiters.get(name)?.limit
    if (limit === undefined) return
    this.take(name)
    // The database holds no addresses.
    const client = createHmac('sha256', serverKeySecret).update(`rates ${address}`).digest('base64url')
    try {
      const wait = await takeShared(databases.writes.sql, { name, client, ...limit })
      if (wait > 0) throw refusal(name, wait)
    } catch (error) {
      // The machine that counts this client is away: each server counts by itself then, as it has above.
      if (!isOfOtherNode(error)) throw error
    }
  }

  #waitOf(name: RateLimitName, { cost, principalId }: RateTaking): number {
    const limiter = this.#options.limiters.get(name)?.limiter
    if (limiter === undefined) return 0
    return Math.max(...this.#countedFor(principalId).map((client) => limiter.waitOf(client, cost)))
  }

  #take(name: RateLimitName, { cost, principalId }: RateTaking): void {
    const limiter = this.#options.limiters.get(name)?.limiter
    for (const client of this.#countedFor(principalId)) limiter?.take(client, cost)
  }

  #countedFor(principalId: string | undefined): readonly string[] {
    const { address } = this.#options
    return principalId === undefined ? [address] : [address, principalId]
  }
}

/** For people. */
const refusals: Readonly<Record<RefusingRateLimitName, string>> = {
  'signature-failures': 'Too many signatures from this address could not be verified.',
  openings: 'Too many accounts are opened from this address.',
  registrations: 'Too many application servers register from this address.',
  pairings: 'Too many devices are paired from this address.',
  verifications: 'Too many public keys are verified from this address.',
  mismatches: 'Too many presented keys are not their owners’.',
  acquisitions: 'Too many keys are acquired by this account, or from this address.',
  'written-bytes': 'Too much is written by this account, or from this address.',
}

function refusal(name: RefusingRateLimitName, seconds: number): KeyServerError {
  return new KeyServerError('RATE_LIMITED', refusals[name], { retryAfterSeconds: Math.ceil(seconds) })
}
