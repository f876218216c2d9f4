import type { Logger } from '../lib/log.ts'
import type { ServerRates } from '../rate-limits/server-rates.ts'

/** The members of a log line about a request. */
export interface RequestLine {
  readonly requestId: string
  readonly operation: string
  readonly code: string
  readonly durationMs: number
  /** Absent when nobody signed the request. */
  readonly account?: string
}

export interface RequestLogOptions {
  readonly log: Logger
  readonly rates: Pick<ServerRates, 'of'>
  /** After how long lines are summed up. */
  readonly windowMs?: number
}

/** Operations and codes are few; a bound all the same. */
const kindsMax = 1_000

/**
 * The log lines of requests: one each. Unsigned requests beyond their client's limit for lines are counted by operation
 * and code, and one line for each says how many, so that a stranger cannot fill the disk with requests that store
 * nothing. Signed requests store something, which has a limit of its own.
 */
export class RequestLog {
  readonly #options: RequestLogOptions
  readonly #counts = new Map<
    string,
    { readonly operation: string; readonly code: string; repeated: number }
  >()
  #timer: NodeJS.Timeout | undefined
  #beganMs = 0

  constructor(options: RequestLogOptions) {
    this.#options = options
  }

  /** @param by.clientAddress as the server knows it (TRUSTED_PROXIES) */
  write(line: RequestLine, by: { readonly level: 'debug' | 'info'; readonly clientAddress: string }): void {
    const { log, rates } = this.#options
    if (!log.isLevelEnabled(by.level)) return
    const isSigned = line.account !== undefined
    if (isSigned || rates.of(by.clientAddress).tryTake('log-lines')) log[by.level](line, 'request')
    else this.#count(line)
  }

  /** Writes the sums so far: at the end of a server too. */
  sumUp(): void {
    clearTimeout(this.#timer)
    const seconds = Math.ceil((performance.now() - this.#beganMs) / 1_000)
    for (const count of this.#counts.values())
      this.#options.log.info({ ...count, seconds }, 'request (summed up)')
    this.#counts.clear()
  }

  #count({ operation, code }: RequestLine): void {
    if (this.#counts.size === 0) {
      this.#beganMs = performance.now()
      this.#timer = setTimeout(() => {
        this.sumUp()
      }, this.#options.windowMs ?? 60_000).unref()
    }
    const kind = `${operation} ${code}`
    const count = this.#counts.get(kind)
    if (count !== undefined) count.repeated += 1
    else if (this.#counts.size < kindsMax) this.#counts.set(kind, { operation, code, repeated: 1 })
  }
}
