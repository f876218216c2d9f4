import { setTimeout as delay } from 'node:timers/promises'
import postgres from 'postgres'
import { changingShards } from './citus-shards.ts'
import { isOnCitus } from './citus.ts'

/** A connection for tests that look at a database, or break what others have there, from outside. */
export interface Administrator {
  readonly sql: postgres.Sql
  /** Ends the backends of all others at this database whose application has the name. Returns how many there were. */
  endBackends(applicationName: string): Promise<number>
  close(): Promise<void>
}

export function administer(databaseUrl: string): Administrator {
  const connections = postgres(databaseUrl, {
    max: 2,
    connect_timeout: 10,
    connection: { application_name: 'test', statement_timeout: 15_000 },
    onnotice: () => undefined,
  })
  const sql = isOnCitus ? changingShards(connections, databaseUrl) : connections
  return {
    sql,
    async endBackends(applicationName) {
      const ended = await sql`
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = ${applicationName} AND pid <> pg_backend_pid()`
      return ended.length
    },
    close: () => sql.end({ timeout: 2 }),
  }
}

/** Repeats `work` with pauses of `everyMs` until the returned function is called, which waits for its end. */
export function keepDoing(work: () => Promise<unknown>, everyMs: number): () => Promise<void> {
  const stopping = new AbortController()
  const ended = (async () => {
    while (!stopping.signal.aborted) {
      await work()
      await delay(everyMs, undefined, { signal: stopping.signal }).catch(() => undefined)
    }
  })()
  return async () => {
    stopping.abort()
    await ended
  }
}

/** Waits until `condition` answers true. @throws Error when it has not within `withinMs` */
export async function eventually(
  condition: () => Promise<boolean> | boolean,
  { withinMs, what }: { readonly withinMs: number; readonly what: string },
): Promise<void> {
  const began = performance.now()
  while (!(await condition())) {
    const waitedMs = performance.now() - began
    if (waitedMs > withinMs) throw new Error(`Not within ${withinMs} ms: ${what}`)
    // A tenth late at most: looks take processor time from what is waited for.
    await delay(Math.min(Math.max(waitedMs / 10, 20), 200))
  }
}
