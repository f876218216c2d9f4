import { setTimeout as delay } from 'node:timers/promises'
import type { Databases } from '../database/connect.ts'
import { probeDatabases } from '../database/probe.ts'
import { describeTrouble, troubleOf } from '../database/trouble.ts'
import type { ListenState } from '../events/notification-listener.ts'
import { version } from '../lib/version.ts'

/** Below the time-outs that probes of load balancers have. */
const readinessTimeoutMs = 2_000
/** How long a failed write counts although the probe succeeds: a full disk may still have room for the probe. */
const troubleMs = 5_000

/** The answer of /readyz. It has no address, no name and no secret, because anybody may ask. */
export interface Readiness {
  readonly status: 'ready' | 'not ready'
  /** In words; null while it is ready. */
  readonly reason: string | null
  /** When the status became this, as far as this server has been asked. */
  readonly since: string
  readonly version: string
  readonly database: { readonly status: 'ok' | 'failing'; readonly reason: string | null }
  /** Without notifications alerts come late, and the server is ready all the same. */
  readonly listen: { readonly status: 'ok' | 'failing'; readonly since: string }
  /** All of this version are applied before a server answers. */
  readonly migrations: { readonly applied: number }
}

export interface ReadinessOptions {
  readonly databases: Databases
  readonly listenState: () => ListenState
  readonly migrationCount: number
  readonly isStopping: () => boolean
}

/** Tells whether the server can serve. Requests that come while the database is probed share the answer. */
export function createReadiness({
  databases,
  listenState,
  migrationCount,
  isStopping,
}: ReadinessOptions): () => Promise<Readiness> {
  let asking: Promise<string | null> | null = null
  let last: Pick<Readiness, 'status'> & { readonly since: Date } = { status: 'ready', since: new Date() }
  return async () => {
    const hindrance = await (asking ??= findHindrance(databases).finally(() => {
      asking = null
    }))
    const reason = isStopping() ? 'the server is stopping' : hindrance
    const status = reason === null ? 'ready' : 'not ready'
    if (status !== last.status) last = { status, since: new Date() }
    const { isListening, since } = listenState()
    return {
      status,
      reason,
      since: last.since.toISOString(),
      version,
      database: { status: hindrance === null ? 'ok' : 'failing', reason: hindrance },
      listen: { status: isListening ? 'ok' : 'failing', since: since.toISOString() },
      migrations: { applied: migrationCount },
    }
  }
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
