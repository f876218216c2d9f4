import type { Database, Executor } from './connect.ts'

/** Longest life of a transaction, in milliseconds. PostgreSQL ends it before: this bounds the wait for a lost answer. */
const transactionMsMax = 30_000

/**
 * Runs `work` in one transaction and commits when it resolves.
 *
 * The guard for a lost connection: postgres.js 3.4.9 answers a failed callback with a ROLLBACK of its own, which throws
 * an uncatchable TypeError when the connection is gone. So when the connection was lost the callback is left pending
 * instead; `begin` then rejects by itself as the connection closes (docs/adr/0008-transactions-on-postgres-js.md).
 */
export async function runTransaction<T>(db: Database, work: (tx: Executor) => Promise<T>): Promise<T> {
  const timeout = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    timeout.reject(new Error(`The transaction took longer than ${String(transactionMsMax)} ms.`))
  }, transactionMsMax)
  try {
    return await Promise.race([
      db.transaction((tx) =>
        work(tx).catch((error: unknown) => {
          if (isConnectionLost(error)) return new Promise<never>(() => undefined)
          throw error
        }),
      ),
      timeout.promise,
    ])
  } finally {
    clearTimeout(timer)
  }
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
