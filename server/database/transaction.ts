import { drizzle } from 'drizzle-orm/postgres-js'
import { traceStep } from '../lib/traces.ts'
import { databaseStep } from './database-step.ts'
import type { Database, Executor, Pool } from './connect.ts'
import { retryConflicts } from './conflicts.ts'
import { transact, type Run, type TransactOptions } from './transact.ts'

/**
 * Runs `work` in one transaction (see {@link transact}), with Drizzle, or with postgres.js by `run`. When it conflicts with
 * concurrent ones, `work` runs again in a new one, so it may do nothing that a rollback does not undo.
 */
export async function runTransaction<T>(
  { $client: pool }: Database,
  work: (tx: Executor, run: Run) => Promise<T>,
  options: TransactOptions = {},
): Promise<T> {
  // Kept from the pool that the transaction begins on: another may have replaced it by the time it fails.
  const { noteFailure, load } = pool
  load.inFlight += 1
  try {
    return await traceStep({ name: 'transaction', ...databaseStep }, () =>
      retryConflicts(() => transact(pool, (run) => work(drizzle(face(pool, run)), run), options)),
    )
  } catch (error) {
    noteFailure(error)
    throw error
  } finally {
    load.inFlight -= 1
  }
}

/** The pool's face with the transaction's statements behind it: what Drizzle asks of a client. */
function face(pool: Pool, run: Run): Pool {
  const unsafe = (...statement: Parameters<Pool['unsafe']>) => ({
    // As with postgres.js, a statement begins when somebody awaits it.
    then: (...answer: Parameters<Promise<unknown>['then']>) =>
      run((connection) => connection.unsafe(...statement)).then(...answer),
    values: () => run((connection) => connection.unsafe(...statement).values()),
  })
  return new Proxy(pool, {
    get: (target, name): unknown => (name === 'unsafe' ? unsafe : Reflect.get(target, name)),
  })
}
