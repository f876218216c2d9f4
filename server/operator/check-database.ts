import type { Config } from '../config.ts'
import { connectSql } from '../database/connect.ts'
import { findDatabase } from '../database/requirements.ts'
import { ListenConnection } from '../events/listen-connection.ts'
import { check, compareClock, type Check } from './check.ts'
import { withOperatorDatabase } from './operator-database.ts'
import { explainStartFailure } from './start-failure.ts'

const timeoutMs = 10_000

/** Checks the database of a configuration as the server does when it starts, and that a notification arrives. */
export async function checkDatabase(config: Config): Promise<Check[]> {
  const found: Check[] = []
  const reached = await check(
    'database',
    () =>
      withOperatorDatabase(config, async (database) => {
        const databaseUrl = config.databaseUrl ?? database.url
        const listenUrl = config.databaseListenUrl ?? databaseUrl
        const { route, listenRoute } = await findDatabase({ databaseUrl, listenUrl })
        found.push(
          await check('listen', () => tryNotification(listenUrl, listenRoute), explainStartFailure),
          await check(
            'database clock',
            async () => compareClock('the database', await readClock(databaseUrl, route)),
            explainStartFailure,
          ),
        )
        return `PostgreSQL ${String(route.majorVersion)} answers ${route.isPooled ? 'through a pooler' : 'directly'}, and keeps what it acknowledges.`
      }),
    explainStartFailure,
  )
  return [reached, ...found]
}

type Route = Awaited<ReturnType<typeof findDatabase>>['route']

async function tryNotification(url: string, route: Route): Promise<string> {
  const connection = await ListenConnection.open(
    { url, route, channels: {}, onListening: () => undefined },
    { timeoutMs },
  )
  try {
    if (await connection.ping(timeoutMs)) return 'A notification came back.'
    throw new Error(
      'No notification came back, so alerts would be late: set DATABASE_LISTEN_URL to a direct connection.',
    )
  } finally {
    await connection.close()
  }
}

async function readClock(url: string, route: Route): Promise<Date> {
  const pool = connectSql(url, { max: 1, route })
  try {
    const [row] = await pool<{ ms: string }[]>`SELECT extract(epoch FROM clock_timestamp()) * 1000 AS ms`
    return new Date(Number(row?.ms))
  } finally {
    await pool.end({ timeout: 1 })
  }
}
