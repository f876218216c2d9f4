import type { RunningKeyServer } from '../app.ts'
import type { Prometheus } from '../observation/prometheus.ts'
import { parseOrder, type Order, type Report } from './messages.ts'

export interface WorkerOptions {
  /** Starts a key server on the main process's database. It hands its metrics over rather than serving them. */
  readonly start: (given: {
    readonly databaseUrl: string
    readonly publishMetrics: (metrics: Prometheus) => void
  }) => Promise<RunningKeyServer>
  readonly explain: (error: unknown) => string
}

/**
 * Serves as a worker until the main process tells it to stop, or is gone. Signals are for the main process: a terminal and
 * systemd send theirs to both.
 *
 * @returns the code to exit with
 */
export async function runWorker({ start, explain }: WorkerOptions): Promise<number> {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined)
  let metrics: Prometheus | undefined
  const over = Promise.withResolvers<undefined>()
  const orders = Promise.withResolvers<Extract<Order, { type: 'serve' }> | null>()
  const end = () => {
    orders.resolve(null)
    over.resolve(undefined)
  }
  process.once('disconnect', end)
  process.on('message', (message) => {
    const order = parseOrder(message)
    if (order?.type === 'serve') orders.resolve(order)
    else if (order?.type === 'stop') end()
    else if (order?.type === 'read-metrics') void tellMetrics(metrics, order.id)
  })

  const order = await orders.promise
  if (order === null) return 0
  try {
    const server = await start({
      databaseUrl: order.databaseUrl,
      publishMetrics: (own) => {
        metrics = own
      },
    })
    await tell({ type: 'listening', origins: [...server.origins], port: server.port })
    await over.promise
    await server.stop()
    return 0
  } catch (error) {
    await tell({ type: 'failed', reason: explain(error) })
    return 1
  }
}

async function tellMetrics(metrics: Prometheus | undefined, id: number): Promise<void> {
  await tell({ type: 'metrics', id, metrics: (await metrics?.readValues()) ?? [] })
}

/** Resolves when the main process has it, or is gone. */
function tell(report: Report): Promise<void> {
  return new Promise((resolve) => {
    if (!process.connected) resolve()
    else
      process.send?.(report, undefined, undefined, () => {
        resolve()
      })
  })
}
