import type postgres from 'postgres'
import { isTraced, traceStep } from '../lib/traces.ts'
import { databaseStep, summaryOf } from './database-step.ts'
import type { Pool } from './connect.ts'
import { retryConflicts } from './conflicts.ts'
import { transact } from './transact.ts'

/** Where a statement is made: a pool, or a transaction on it. */
type Handle = postgres.Sql | postgres.TransactionSql
type Make = (handle: Handle) => unknown

/**
 * The same pool, but its statements are repeated when they conflict with concurrent ones, and through a pooler each is a
 * transaction, which carries the settings there.
 */
export function performStatements(pool: Pool): Pool {
  const perform = async (make: (handle: Handle) => PromiseLike<unknown>, text: StatementText) => {
    const { noteFailure, load } = pool
    load.inFlight += 1
    try {
      const name = isTraced() ? summaryOf(text()) : ''
      return await traceStep({ name, ...databaseStep }, () =>
        retryConflicts(() =>
          pool.settingStatement === null ? Promise.resolve(make(pool)) : transact(pool, (run) => run(make)),
        ),
      )
    } catch (error) {
      noteFailure(error)
      throw error
    } finally {
      load.inFlight -= 1
    }
  }
  const later = (make: Make, text: StatementText) =>
    postpone(make(pool), { make, perform: (made) => perform(made, text) })
  return new Proxy(pool, {
    apply: (_pool, _receiver, args: Parameters<Pool>): unknown =>
      later(
        (handle) => handle(...args),
        () => args[0].join('$'),
      ),
    get: (target, name): unknown =>
      name === 'unsafe'
        ? (...statement: Parameters<Pool['unsafe']>) =>
            later(
              (handle) => handle.unsafe(...statement),
              () => statement[0],
            )
        : Reflect.get(target, name),
  })
}

/** The statement with placeholders for its values. */
type StatementText = () => string

interface Performance {
  readonly make: Make
  readonly perform: (make: (handle: Handle) => PromiseLike<unknown>) => Promise<unknown>
}

/**
 * A statement of postgres.js that is never sent itself, so that it can still be a part of another one. Awaiting it
 * sends another one, made where it is performed.
 */
function postpone(query: unknown, { make, perform }: Performance): unknown {
  if (!isQuery(query)) return query
  let asArrays = false
  let answer: Promise<unknown> | null = null
  const begin = () =>
    (answer ??= perform((handle) => {
      const made = make(handle)
      if (!isQuery(made)) throw new TypeError('A call that makes a statement makes one again.')
      return asArrays ? made.values() : made
    }))
  return Object.defineProperties(query, {
    then: { value: (...callbacks: Parameters<Promise<unknown>['then']>) => begin().then(...callbacks) },
    // Sends the statement itself.
    handle: { value: () => Promise.resolve() },
    values: {
      value: () => {
        asArrays = true
        return query
      },
    },
  })
}

function isQuery(value: unknown): value is postgres.PendingQuery<postgres.Row[]> {
  return value instanceof Promise && 'values' in value
}
