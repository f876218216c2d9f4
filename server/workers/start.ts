import type { RunningKeyServer } from '../app.ts'
import { openDatabase, type DatabaseOptions } from '../database/open-database.ts'
import { serveMetrics } from '../http/metrics.ts'
import type { Logger } from '../lib/log.ts'
import { Supervisor } from './supervisor.ts'

export interface WorkersOptions extends DatabaseOptions {
  readonly workers: number
  readonly metricsPort?: number | undefined
  readonly metricsHost?: string | undefined
  readonly log: Logger
}

/**
 * Starts several key servers, each a process of its own, on one port and one database. The embedded PostgreSQL and the
 * metrics, summed up, are this process's.
 *
 * @throws Error in words: as `openDatabase`, or the reason of the worker that could not start
 */
export async function startWorkers({
  workers: count,
  log,
  metricsPort,
  metricsHost,
  ...options
}: WorkersOptions): Promise<RunningKeyServer> {
  const database = await openDatabase(options)
  const supervisor = new Supervisor({ count, databaseUrl: database.url, log })
  try {
    const { origins, port } = await supervisor.start()
    const closeMetrics =
      metricsPort === undefined ? null : await publish(supervisor, { host: metricsHost, port: metricsPort })
    return {
      origins,
      port,
      database: database.description,
      stop: async () => {
        await supervisor.stop()
        await closeMetrics?.()
        await database.close()
      },
    }
  } catch (error) {
    await supervisor.stop()
    await database.close()
    throw error
  }
}

async function publish(
  supervisor: Supervisor,
  where: { readonly host: string | undefined; readonly port: number },
): Promise<() => Promise<void>> {
  const { contentType, sumUp } = await import('../observation/prometheus.ts')
  return serveMetrics({ ...where, contentType, read: async () => sumUp(await supervisor.readMetrics()) })
}
