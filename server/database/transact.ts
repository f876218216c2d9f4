import type postgres from 'postgres'
import type { Pool } from './connect.ts'
import { isConnectionLost } from './lost-connection.ts'
import { codesOf } from './error-codes.ts'
import { assertExecuted } from './executed.ts'
import { ReadOnlyDatabase } from './trouble.ts'

/** Longest life of a transaction, in milliseconds. PostgreSQL ends it before: this bounds the wait for a lost answer. */
const transactionMsMax = 30_000

/** Runs a statement in a transaction. */
export type Run = <T>(make: (connection: postgres.TransactionSql) => PromiseLike<T>) => Promise<T>

/**
 * Runs `work` in one transaction, commits when it resolves, and rolls back when it rejects, with its error. The transaction is
 * committed when PostgreSQL has answered COMMIT with COMMIT, and never otherwise: it answers ROLLBACK to one that has failed,
 * without an error.
 *
 * A transaction takes no statement after its first failed one, after the loss of its connection, or after its end: such
 * a statement is refused with {@link TransactionOver}, and so never runs outside of the transaction that it was meant
 * for. When `work` swallows the error of a statement, the transaction is rolled back with that error.
 *
 * A lost connection needs a guard: postgres.js 3.4.9 sends the statements of a transaction, and the ROLLBACK or COMMIT at its
 * end, even when the connection is gone. It then throws an uncatchable TypeError or, after a reconnection, runs them there.
 * But `begin` rejects by itself when the connection closes. So each step here first lets that rejection arrive, and sends
 * nothing after it (docs/adr/0008-transactions-on-postgres-js.md).
 */
export async function transact<T>(
  pool: Pool,
  work: (run: Run) => Promise<T>,
  { timeoutMs = transactionMsMax, lockStatement = null }: TransactOptions = {},
): Promise<T> {
  const state: State = { isBegun: false, isLost: false, failure: null }
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const timer = setTimeout(() => {
    state.failure ??= new Error(`The transaction took longer than ${String(timeoutMs)} ms.`)
    reject(state.failure)
  }, timeoutMs)
  pool
    .begin(lockStatement === null ? writing : snapshot, async (connection) => {
      state.isBegun = true
      const run = guard(connection, state)
      const { settingStatement } = pool
      const outcome = await settle(async () => {
        if (lockStatement !== null) await run(() => connection.unsafe(lockStatement))
        if (settingStatement !== null) await run(() => connection.unsafe(settingStatement))
        return work(run)
      })
      const failure = state.failure ?? ('error' in outcome ? outcome.error : null)
      state.failure ??= new TransactionOver()
      await newsOfLoss()
      if (!state.isLost && !isConnectionLost(failure)) {
        const end = await settle(async () => endOf(connection, { commits: failure === null }))
        if ('error' in outcome) reject(outcome.error)
        else if (failure !== null || 'error' in end) reject(failure ?? ('error' in end ? end.error : null))
        else resolve(outcome.result)
      }
      // Pending for good: an answer would make postgres.js send a ROLLBACK or COMMIT of its own, and by now the connection
      // is gone, or has another transaction on it.
      return new Promise<never>(() => undefined)
    })
    // Also when the connection of a transaction that has long ended is closed: nothing asks for this any more.
    .catch((error: unknown) => {
      state.isLost = true
      // A standby cannot begin it, and calls that a feature that it lacks.
      const isStandby = !state.isBegun && codesOf(error).includes('0A000')
      reject(isStandby ? new ReadOnlyDatabase({ cause: error }) : error)
    })
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    state.failure ??= new TransactionOver()
  }
}

export interface TransactOptions {
  readonly timeoutMs?: number
  /**
   * Makes it a transaction that reads one snapshot, which is taken after this statement: a LOCK TABLE, so that no table is
   * written anew between the two. An older snapshot sees such a table empty (PostgreSQL's documentation, "Caveats").
   */
  readonly lockStatement?: string | null
}

const writing = 'isolation level read committed read write'
const snapshot = 'isolation level repeatable read read only'

interface State {
  /** BEGIN has succeeded. */
  isBegun: boolean
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

/** PostgreSQL, or a pooler in front of it, has rolled back what was to be committed. */
export class NotCommitted extends Error {
  override readonly name = 'NotCommitted'
  /** transaction_rollback */
  readonly code = '40000'

  constructor() {
    super('The transaction was to be committed, and was rolled back.')
  }
}

function guard(connection: postgres.TransactionSql, state: State): Run {
  return async (make) => {
    await newsOfLoss()
    if (state.isLost || state.failure !== null) {
      throw new TransactionOver(state.failure === null ? {} : { cause: state.failure })
    }
    try {
      return assertExecuted(await make(connection))
    } catch (error) {
      state.failure ??= error instanceof Error ? error : new Error('A statement failed.')
      throw error
    }
  }
}

/**
 * As a simple query: postgres.js would prepare its own COMMIT under a name, which another backend behind a pooler does not
 * know. @throws {NotCommitted}
 */
async function endOf(
  connection: postgres.TransactionSql,
  { commits }: { readonly commits: boolean },
): Promise<void> {
  const { command } = assertExecuted(await connection.unsafe(commits ? 'COMMIT' : 'ROLLBACK'))
  if (commits && command !== 'COMMIT') throw new NotCommitted()
}

async function settle<T>(work: () => Promise<T>): Promise<{ result: T } | { error: unknown }> {
  try {
    return { result: await work() }
  } catch (error) {
    return { error }
  }
}

/**
 * Waits until it is known whether the connection has been closed: the rejection takes three turns of the microtask queue to
 * get here, and no connection closes while that queue runs.
 */
async function newsOfLoss(): Promise<void> {
  for (let turn = 0; turn < 16; turn++) await Promise.resolve()
}
