import type { Pool } from './connect.ts'
import { rejectUnexecuted } from './executed.ts'
import { ReadOnlyDatabase } from './trouble.ts'

export interface RenewedPool {
  /** The current one of all pools that follow one another. A reference to it can be kept. */
  readonly sql: Pool
  /** Replaces the current one, unless it is younger than a second: then once it is as old. */
  renew(): void
  /** Waits for what is under way, then closes all connections. */
  end(options: { readonly timeoutSeconds: number }): Promise<void>
}

/** A younger pool is left to recover by itself: while PostgreSQL is away, not every request must make a new pool. */
const ageMsMin = 1_000
/** A pool is probed now and then, and replaced when it does not answer: its network may have gone silently. */
const probes = { everyMs: 5_000, timeoutMs: 10_000 }
/** How long statements that are under way on a pool's other connections may take once one of them is lost. */
const retireSeconds = 5

/**
 * A pool of connections that is replaced as a whole once it has lost one of them, or found that it leads to a standby.
 *
 * postgres.js 3.4.9 reconnects in the slot of a lost connection and loses track of it there: a statement that came between the
 * failure and the close is neither sent nor answered, and the part of it that was not sent yet precedes the next start-up
 * message, so that the slot never connects again. Under load all slots end like that. A pool that was replaced and ended
 * answers everything that waits in it, with an error, within {@link retireSeconds}.
 *
 * @param open opens a pool that calls `onStale` with every connection that it loses, and when it leads to a database that
 *   cannot be written, and is told whether it was the current one until then. It must not close connections for their age.
 */
export function createRenewedPool(
  open: (onStale: () => boolean) => Pool,
  { everyMs, timeoutMs }: typeof probes = probes,
): RenewedPool {
  let isEnding = false
  let renewal: NodeJS.Timeout | null = null
  let current = openPool()
  const retiring = new Set<Promise<void>>()
  const probing = setInterval(() => {
    const { pool } = current
    const deadline = setTimeout(() => {
      if (pool === current.pool) renew()
    }, timeoutMs)
    pool<{ is_standby: boolean }[]>`SELECT pg_is_in_recovery() AS is_standby`
      .then(([row]) => {
        if (row?.is_standby === true) pool.noteFailure(new ReadOnlyDatabase())
      })
      // A connection that is lost is heard of by itself.
      .catch(() => undefined)
      .finally(() => {
        clearTimeout(deadline)
      })
  }, everyMs)

  function openPool(): { readonly pool: Pool; readonly openedAt: number } {
    const pool = open(() => {
      const isCurrent = pool === current.pool
      if (isCurrent) renew()
      return isCurrent
    })
    return { pool, openedAt: performance.now() }
  }

  function renew(): void {
    if (isEnding || renewal !== null) return
    const waitMs = ageMsMin - (performance.now() - current.openedAt)
    if (waitMs > 0) {
      renewal = setTimeout(() => {
        renewal = null
        replace()
      }, waitMs)
    } else replace()
  }

  function replace(): void {
    const { pool } = current
    current = openPool()
    const retired = pool
      .end({ timeout: retireSeconds })
      .catch(() => undefined)
      .then(() => void retiring.delete(retired))
    retiring.add(retired)
  }

  return {
    sql: followCurrent(() => current.pool),
    renew,
    async end({ timeoutSeconds }) {
      isEnding = true
      clearInterval(probing)
      if (renewal !== null) clearTimeout(renewal)
      await Promise.all([current.pool.end({ timeout: timeoutSeconds }), ...retiring])
    },
  }
}

/** A handle that stands for whatever `current` answers at the moment of use. */
function followCurrent(current: () => Pool): Pool {
  return new Proxy(current(), {
    apply: (_first, receiver, args): unknown => rejectUnexecuted(Reflect.apply(current(), receiver, args)),
    get: (_first, name): unknown => {
      const pool = current()
      return name === 'unsafe'
        ? (...statement: Parameters<typeof pool.unsafe>) => rejectUnexecuted(pool.unsafe(...statement))
        : Reflect.get(pool, name)
    },
  })
}
