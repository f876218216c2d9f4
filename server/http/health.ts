import { setTimeout as delay } from 'node:timers/promises'
import type { Databases } from '../database/connect.ts'

const readinessTimeoutMs = 2_000

/** Tells whether the server can serve: its database answers in time. Those who ask meanwhile share the answer. */
export function createReadiness(databases: Databases): () => Promise<boolean> {
  let asking: Promise<boolean> | null = null
  return () =>
    (asking ??= isReady(databases).finally(() => {
      asking = null
    }))
}

async function isReady({ reads, writes }: Databases): Promise<boolean> {
  const timeout = new AbortController()
  try {
    return await Promise.race([
      Promise.all([reads.sql`SELECT 1`, writes.sql`SELECT 1`]).then(() => true),
      delay(readinessTimeoutMs, false, { signal: timeout.signal }),
    ])
  } catch {
    return false
  } finally {
    timeout.abort()
  }
}
