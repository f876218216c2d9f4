import { KeyServerError } from '../../schema/wire/errors.ts'
import { executionsMax } from '../lib/transport-limits.ts'

/** How soon a place may be free. */
const retrySeconds = 1

/** Counts the queries and mutations that run, over all transports. */
export class Executions {
  #running = 0

  /** @returns what gives the place back, to be called once; null when all places are taken */
  begin(): (() => void) | null {
    if (this.#running >= executionsMax) return null
    this.#running += 1
    return () => {
      this.#running -= 1
    }
  }
}

export function tooManyExecutions(): KeyServerError {
  return new KeyServerError('UNAVAILABLE', 'The key server is too busy for this now.', {
    retryAfterSeconds: retrySeconds,
  })
}
