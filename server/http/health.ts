import { setTimeout as delay } from 'node:timers/promises'
import type { Databases } from '../database/connect.ts'
import { probeDatabases } from '../database/probe.ts'
import { describeTrouble, troubleOf } from '../database/trouble.ts'

/** Below the time-outs that probes of load balancers have. */
const readinessTimeoutMs = 2_000
/** A write that met trouble counts for so long, also when the probe succeeds: a full disk may have room for less. */
const troubleMs = 5_000

/** Tells why the server cannot serve, in words; null when it can. Those who ask meanwhile share the answer. */
export function createReadiness(databases: Databases): () => Promise<string | null> {
  let asking: Promise<string | null> | null = null
  return () =>
    (asking ??= findHindrance(databases).finally(() => {
      asking = null
    }))
}

async function findHindrance(databases: Databases): Promise<string | null> {
  const timeout = new AbortController()
  try {
    const hindrance = await Promise.race([
      probeDatabases(databases).then(() => null),
      delay(readinessTimeoutMs, 'the database gives no answer', { signal: timeout.signal }),
    ])
    const recent = databases.recentTrouble(troubleMs)
    return hindrance ?? (recent === null ? null : describeTrouble(recent))
  } catch (error) {
    const trouble = troubleOf(error)
    return trouble === null ? 'the database refuses the probe' : describeTrouble(trouble)
  } finally {
    timeout.abort()
  }
}
