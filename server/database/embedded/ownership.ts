import type postgres from 'postgres'
import { openPostgres } from '../open-postgres.ts'
import { within } from '../within.ts'
import { type Access, databaseUrl } from './database.ts'

/** Says that this process is the one that uses the data directory, for as long as it lives or until it is released. */
export interface Ownership {
  /** From now on the loss of the connection is expected, since PostgreSQL is about to be stopped. */
  announceEnd(): void
  release(): Promise<void>
}

/** Thrown when another live process owns the data directory. */
export class DataDirectoryInUseError extends Error {
  override name = 'DataDirectoryInUseError'
}

const lockKey = 7_161_951_400
const retryMs = 200
/** PostgreSQL that lost a connection of ours may be restarting. */
const retakeMs = 1_000
/** How long a killed owner's session may take to be noticed as dead. */
const graceMs = 3_000

/**
 * Takes the advisory lock that stands for the data directory, on a connection of its own. PostgreSQL frees it when the
 * connection ends, so a killed owner's lock needs no cleaning up. Should PostgreSQL restart under us, it is taken anew.
 *
 * @throws DataDirectoryInUseError when another process holds it; postgres.js's errors when there is no connection
 */
export async function takeOwnership({ dataDirectory, log, ...access }: OwnershipOptions): Promise<Ownership> {
  const url = databaseUrl(access, 'postgres')
  const ending = new AbortController()
  const isEnding = (): boolean => ending.signal.aborted
  let sql = await lock(url, { onLost: retake })
  if (sql === undefined) throw new DataDirectoryInUseError(inUse(dataDirectory))

  function retake(): void {
    if (!isEnding()) setTimeout(() => void tryToRetake(), retakeMs).unref()
  }
  async function tryToRetake(): Promise<void> {
    if (isEnding()) return
    try {
      const taken = await lock(url, { onLost: retake })
      if (taken === undefined) log(inUse(dataDirectory))
      else if (isEnding()) await end(taken)
      else sql = taken
    } catch {
      retake()
    }
  }

  return {
    announceEnd() {
      ending.abort()
    },
    async release() {
      ending.abort()
      if (sql !== undefined) await end(sql)
    },
  }
}

export interface OwnershipOptions extends Access {
  dataDirectory: string
  log: (message: string) => void
}

function inUse(dataDirectory: string): string {
  return (
    `Another key server is using the data directory ${dataDirectory}. Stop it first, choose another DATA_DIR, or ` +
    'share one database between key servers by setting DATABASE_URL for each.'
  )
}

async function lock(url: string, { onLost }: { onLost: () => void }): Promise<postgres.Sql | undefined> {
  let isHeld = false
  const sql = openPostgres(url, {
    max: 1,
    connect_timeout: 5,
    fetch_types: false,
    // postgres.js renews connections within the hour unless told not to, and with the connection goes the lock.
    max_lifetime: null,
    onnotice: () => undefined,
    onclose: () => {
      if (isHeld) {
        isHeld = false
        void end(sql)
        onLost()
      }
    },
  })
  try {
    const deadline = Date.now() + graceMs
    for (;;) {
      const attempt = sql<{ taken: boolean }[]>`select pg_try_advisory_lock(${lockKey}) as taken`
      const [row] = await within(10_000, attempt)
      if (row?.taken === true) {
        isHeld = true
        return sql
      }
      if (Date.now() >= deadline) break
      await new Promise((resolve) => setTimeout(resolve, retryMs))
    }
  } catch (error) {
    await end(sql)
    throw error
  }
  await end(sql)
  return undefined
}

async function end(sql: postgres.Sql): Promise<void> {
  await sql.end({ timeout: 1 }).catch(() => undefined)
}
