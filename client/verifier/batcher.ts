import DataLoader from 'dataloader'
import { KeyServerError } from '../../schema/wire/errors.ts'
import { limits } from '../../schema/wire/limits.ts'
import { VaultError } from '../errors.ts'
import { requestsOf } from './verify-public-key.ts'
import type { LookUpAll } from './lookup.ts'
import type { CheckedResult } from './result.ts'
import type { VerificationQuery } from './query.ts'

/** Asks the key server. @throws as {@link LookUpAll}, and {RangeError} when too many wait. Either way there is no answer. */
export type LookUp = (question: VerificationQuery) => Promise<CheckedResult>

/** Questions that wait for an answer at a time; beyond it a question fails at once. */
const waitingMax = 10_000

/** After a failure, with its three attempts, questions fail at once for so long: a key server in need gets a rest. */
const pauseMs = 1000

/** Gathers questions that come at the same time into one request, or as many as they need. */
export function batchLookUps({
  askAll,
  applicationServer,
  monotonicMs,
}: {
  readonly askAll: LookUpAll
  readonly applicationServer: string
  readonly monotonicMs: () => number
}): LookUp {
  let waiting = 0
  let pause: { readonly untilMs: number; readonly error: unknown } | null = null
  const ask = async (questions: readonly VerificationQuery[]): Promise<(CheckedResult | Error)[]> => {
    try {
      return await askAll(questions)
    } catch (error) {
      if (!isRefusal(error)) {
        pause = { untilMs: monotonicMs() + pauseMs, error }
        throw error
      }
      if (questions.length === 1) return [error]
      // Somebody asked what can not be asked. Who asked at the same time is not to suffer for it.
      const middle = Math.ceil(questions.length / 2)
      return (await Promise.all([ask(questions.slice(0, middle)), ask(questions.slice(middle))])).flat()
    }
  }
  const loader = new DataLoader<VerificationQuery, CheckedResult>(
    async (questions) => {
      const requests = requestsOf(questions, ({ owner, publicKey }) => ({
        owner,
        applicationServer,
        publicKey,
      }))
      return (await Promise.all(requests.map(ask))).flat()
    },
    {
      cache: false,
      maxBatchSize: limits.batchMax,
      batchScheduleFn: atNextTurn,
    },
  )
  return async (question) => {
    if (pause !== null && monotonicMs() < pause.untilMs) throw pause.error
    if (waiting >= waitingMax) throw new RangeError(`${String(waitingMax)} questions wait for an answer.`)
    waiting += 1
    try {
      return await loader.load(question)
    } finally {
      waiting -= 1
    }
  }
}

/**
 * One turn of the event loop later: requests that arrived together are asked together. In Node, setTimeout would be a
 * millisecond, which is more than the question takes.
 */
function atNextTurn(send: () => void): void {
  const immediate: unknown = Reflect.get(globalThis, 'setImmediate')
  if (isScheduler(immediate)) immediate(send)
  else setTimeout(send, 0)
}

function isScheduler(value: unknown): value is (run: () => void) => unknown {
  return typeof value === 'function'
}

/** Whether the key server answered, and would answer the same again. */
function isRefusal(error: unknown): error is KeyServerError {
  return error instanceof KeyServerError && ['BAD_USER_INPUT', 'TOO_LARGE'].includes(error.code)
}

/** Whether an error says that the key server is out of reach, and not that it, or something else, answered otherwise. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof VaultError
    ? ['NETWORK', 'TIMEOUT'].includes(error.code)
    : error instanceof KeyServerError &&
        ['UNAVAILABLE', 'RATE_LIMITED', 'INTERNAL_SERVER_ERROR'].includes(error.code)
}
