import DataLoader from 'dataloader'
import { KeyServerError } from '../../schema/wire/errors.ts'
import { limits } from '../../schema/wire/limits.ts'
import { VaultError } from '../errors.ts'
import { requestsOf } from './verify-public-key.ts'
import type { LookUpMany } from './look-up.ts'
import type { CheckedResult } from './result.ts'
import type { VerificationQuery } from './query.ts'

/** Looks up one key at the key server. @throws as {@link LookUpMany}; {RangeError} when too many queries wait. */
export type LookUp = (query: VerificationQuery) => Promise<CheckedResult>

/** Maximum number of queries that wait for an answer; beyond it a query fails at once. */
const waitingMax = 10_000

/** After a failure of all three attempts queries fail at once for so long, so that an overloaded key server can recover. */
const pauseMs = 1000

/** Gathers queries of one turn of the event loop into one request, or into as many as their size needs. */
export function createBatcher({
  lookUpMany,
  applicationServer,
  monotonicMs,
}: {
  readonly lookUpMany: LookUpMany
  readonly applicationServer: string
  readonly monotonicMs: () => number
}): LookUp {
  let waiting = 0
  let pause: { readonly untilMs: number; readonly error: unknown } | null = null
  const fetchResults = async (queries: readonly VerificationQuery[]): Promise<(CheckedResult | Error)[]> => {
    try {
      return await lookUpMany(queries)
    } catch (error) {
      if (!isRefusal(error)) {
        pause = { untilMs: monotonicMs() + pauseMs, error }
        throw error
      }
      if (queries.length === 1) return [error]
      // One unacceptable query makes the key server refuse the batch: halving it isolates that query from the others.
      const middle = Math.ceil(queries.length / 2)
      const halves = [queries.slice(0, middle), queries.slice(middle)]
      return (await Promise.all(halves.map(fetchResults))).flat()
    }
  }
  const loader = new DataLoader<VerificationQuery, CheckedResult>(
    async (queries) => {
      const requests = requestsOf(queries, ({ owner, publicKey }) => ({
        owner,
        applicationServer,
        publicKey,
      }))
      return (await Promise.all(requests.map(fetchResults))).flat()
    },
    {
      cache: false,
      maxBatchSize: limits.batchMax,
      batchScheduleFn: atNextTurn,
    },
  )
  return async (query) => {
    if (pause !== null && monotonicMs() < pause.untilMs) throw pause.error
    if (waiting >= waitingMax) throw new RangeError(`${String(waitingMax)} queries wait for an answer.`)
    waiting += 1
    try {
      return await loader.load(query)
    } finally {
      waiting -= 1
    }
  }
}

/**
 * Sends after one turn of the event loop, so that requests that arrive together are looked up together. In Node,
 * setTimeout would add a millisecond, which is longer than the look-up itself.
 */
function atNextTurn(send: () => void): void {
  const immediate: unknown = Reflect.get(globalThis, 'setImmediate')
  if (isScheduler(immediate)) immediate(send)
  else setTimeout(send, 0)
}

function isScheduler(value: unknown): value is (run: () => void) => unknown {
  return typeof value === 'function'
}

/** Whether the key server refused the request, and would refuse it again. */
function isRefusal(error: unknown): error is KeyServerError {
  return error instanceof KeyServerError && ['BAD_USER_INPUT', 'TOO_LARGE'].includes(error.code)
}

/** Whether an error means that the key server cannot be reached, and not that something answered wrongly. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof VaultError
    ? ['NETWORK', 'TIMEOUT'].includes(error.code)
    : error instanceof KeyServerError &&
        ['UNAVAILABLE', 'RATE_LIMITED', 'INTERNAL_SERVER_ERROR'].includes(error.code)
}
