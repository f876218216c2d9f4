import { setTimeout as delay } from 'node:timers/promises'
import { codesOf } from './error-codes.ts'

const attemptsMax = 6
const pauseMs = 10

/**
 * Repeats work that PostgreSQL gave up because of concurrent transactions: nothing of it was committed, and it may succeed
 * at the next attempt. After six attempts its error is thrown.
 */
export async function retryConflicts<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (attempt === attemptsMax || !isConflict(error)) throw error
      // At random, so that transactions that met do not meet again.
      await delay(pauseMs * 2 ** attempt * Math.random())
    }
  }
}

/** Whether PostgreSQL gave a transaction up because of a concurrent one. */
export function isConflict(error: unknown): boolean {
  return codesOf(error).some((code) => conflictCodes.has(code))
}

/** serialization_failure and deadlock_detected */
const conflictCodes: ReadonlySet<string> = new Set(['40001', '40P01'])
