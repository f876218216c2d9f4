import { drizzle } from 'drizzle-orm/postgres-js'
import type postgres from 'postgres'
import type { Database, Executor } from './connect.ts'
import { assertRan } from './ran.ts'

/** Longest life of a transaction, in milliseconds. PostgreSQL ends it before: this bounds the wait for a lost answer. */
const transactionMsMax = 30_000

/**
 * Runs `work` in one transaction, commits when it resolves, and rolls back when it rejects, with its error.
 *
 * A transaction takes no statement after its first failed one, after the loss of its connection, or after its end: such
 * a statement is refused with {@link TransactionOver}, and so never runs outside of the transaction that it was meant
 * for. When `work` swallows the error of a statement, the transaction is rolled back with that error.
 *
 * The guard for a lost connection: postgres.js 3.4.9 sends the statements of a transaction, and the ROLLBACK or COMMIT at
 * its end, also when the connection is gone. It then throws an uncatchable TypeError or, when the connection was made
 * anew meanwhile, runs them there. But `begin` rejects by itself as the connection closes. So everything here first
 * lets that news arrive, and once it has, nothing is sent any more (docs/adr/0008-transactions-on-postgres-js.md).
 */
export async function runTransaction<T>(
  { $client: pool }: Database,
  work: (tx: Executor) => Promise<T>,
): Promise<T> {
  const state: State = { isLost: false, failure: null }
  const timeout = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    state.failure ??= new Error(`The transaction took longer than ${String(transactionMsMax)} ms.`)
    timeout.reject(state.failure)
  }, transactionMsMax)
  const begun = pool.begin(async (connection): Promise<{ readonly result: T }> => {
    const outcome = await settle(work(drizzle(guard(pool, { connection, state }))))
    await newsOfLoss()
    // Pending for good: an answer would make postgres.js send a ROLLBACK or COMMIT.
    if (isGone(state)) return new Promise<never>(() => undefined)
    if ('error' in outcome) throw outcome.error
    if (state.failure !== null) throw state.failure
    return outcome
  })
  // After the callback was answered nothing asks for this any more.
  begun.catch(() => (state.isLost = true))
  try {
    const { result } = await Promise.race([begun, timeout.promise])
    return result
  } finally {
    clearTimeout(timer)
    state.failure ??= new TransactionOver()
  }
}

interface State {
  /** The connection was closed. */
  isLost: boolean
  /** The first failure, or that the transaction has ended. */
  failure: Error | null
}

/** A statement was refused, because its transaction had failed or ended before. The failure is its cause. */
export class TransactionOver extends Error {
  override readonly name = 'TransactionOver'

  constructor(options?: ErrorOptions) {
    super('The transaction takes no more statements.', options)
  }
}

/** The pool's face with the transaction's statements behind it: what Drizzle asks of a client. */
function guard(
  pool: postgres.Sql,
  { connection, state }: { connection: postgres.TransactionSql; state: State },
): postgres.Sql {
  type Unsafe = typeof connection.unsafe
  async function run(...[query, asArrays]: [() => ReturnType<Unsafe>, boolean]): Promise<unknown> {
    await newsOfLoss()
    if (state.isLost || state.failure !== null) {
      throw new TransactionOver(state.failure === null ? {} : { cause: state.failure })
    }
    try {
      return assertRan(await (asArrays ? query().values() : query()))
    } catch (error) {
      state.failure ??= error instanceof Error ? error : new Error('A statement failed.')
      throw error
    }
  }
  const unsafe = (...statement: Parameters<Unsafe>) => {
    const query = () => connection.unsafe(...statement)
    return {
      // As with postgres.js, a statement begins when somebody awaits it.
      then: (...answer: Parameters<Promise<unknown>['then']>) => run(query, false).then(...answer),
      values: () => run(query, true),
    }
  }
  return new Proxy(pool, {
    get: (target, name): unknown => (name === 'unsafe' ? unsafe : Reflect.get(target, name)),
  })
}

async function settle<T>(promise: Promise<T>): Promise<{ result: T } | { error: unknown }> {
  try {
    return { result: await promise }
  } catch (error) {
    return { error }
  }
}

/**
 * Waits until a connection that is closed by now is known to be: from there to us the news takes three turns of the
 * queue of microtasks, and no connection closes while that queue is worked off.
 */
async function newsOfLoss(): Promise<void> {
  for (let turn = 0; turn < 16; turn++) await Promise.resolve()
}

function isGone({ isLost, failure }: State): boolean {
  return isLost || isConnectionLost(failure)
}

const lostConnectionCodes = new Set([
  'CONNECTION_CLOSED',
  'CONNECTION_DESTROYED',
  'CONNECTION_ENDED',
  'CONNECT_TIMEOUT',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENOTFOUND',
  'ECONNABORTED',
  'ENETUNREACH',
  'EAI_AGAIN',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_WRITE_AFTER_END',
  // PostgreSQL, class 08 (connection exception), and that it has no connection left to give.
  '08000',
  '08001',
  '08003',
  '08004',
  '08006',
  '53300',
  // PostgreSQL, class 57 (operator intervention): the backend is being ended.
  '57P01',
  '57P02',
  '57P03',
  '57P05',
  // idle_in_transaction_session_timeout, transaction_timeout
  '25P03',
  '25P04',
])

/** Whether an error says that the connection is gone, or could not be made. */
export function isConnectionLost(error: unknown): boolean {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth++) {
    if ('code' in cause && typeof cause.code === 'string' && lostConnectionCodes.has(cause.code)) return true
  }
  return false
}
