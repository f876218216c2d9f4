import cluster, { type Worker } from 'node:cluster'
import type { Logger } from '../lib/log.ts'
import { parseReport, type Order, type Report } from './messages.ts'

export interface SupervisorOptions {
  /** How many there are, 2 or more. */
  readonly count: number
  readonly databaseUrl: string
  readonly log: Logger
}

type Listening = Extract<Report, { type: 'listening' }>

/** A worker that ends is replaced: at once, and after 1 s, 2 s, 4 s … up to this when its successors end as well. */
const backOffMsMax = 30_000
/** How long a worker must have served for its successor to start at once. */
const steadyMs = 60_000
/** How long a worker has for its metrics. Those of one that is stuck are left out. */
const metricsMsMax = 2_000

/**
 * Keeps a number of processes that share the port. Each is a key server of its own on the same database: what holds between
 * key servers holds between them.
 */
export class Supervisor {
  readonly #options: SupervisorOptions
  readonly #workers = new Map<Worker, { readonly sinceMs: number; isListening: boolean }>()
  readonly #metrics = new Map<number, (metrics: readonly object[]) => void>()
  readonly #timers = new Set<NodeJS.Timeout>()
  #lastId = 0
  #failures = 0
  #isStopping = false

  constructor(options: SupervisorOptions) {
    this.#options = options
  }

  /**
   * Starts all workers: the first alone, which migrates the database and takes the port.
   *
   * @throws Error with the reason of the worker that could not start; the others are left to `stop`
   */
  async start(): Promise<Listening> {
    const listening = await this.#fork()
    await Promise.all(Array.from({ length: this.#options.count - 1 }, () => this.#fork()))
    return listening
  }

  /** The metrics of each worker that tells them in time. */
  async readMetrics(): Promise<(readonly object[])[]> {
    const read = await Promise.all(
      [...this.#workers]
        .filter(([, { isListening }]) => isListening)
        .map(([worker]) => this.#metricsOf(worker)),
    )
    return read.filter((metrics) => metrics !== null)
  }

  /** Has each worker drain and end. */
  async stop(): Promise<void> {
    this.#isStopping = true
    for (const timer of this.#timers) clearTimeout(timer)
    await Promise.all(
      [...this.#workers.keys()].map(
        (worker) =>
          new Promise<void>((resolve) => {
            worker.once('exit', () => {
              resolve()
            })
            send(worker, { type: 'stop' })
          }),
      ),
    )
  }

  #fork(): Promise<Listening> {
    const { promise, resolve, reject } = Promise.withResolvers<Listening>()
    const worker = cluster.fork()
    const state = { sinceMs: performance.now(), isListening: false }
    this.#workers.set(worker, state)
    let reason = 'A worker ended while it started.'
    worker.on('message', (message: unknown) => {
      const report = parseReport(message)
      if (report?.type === 'listening') {
        state.isListening = true
        resolve(report)
      } else if (report?.type === 'failed') ({ reason } = report)
      else if (report?.type === 'metrics') this.#metrics.get(report.id)?.(report.metrics)
    })
    worker.on('error', () => undefined)
    worker.once('exit', (code: number | null, signal: string | null) => {
      this.#workers.delete(worker)
      reject(new Error(reason))
      if (state.isListening) this.#replace(state.sinceMs, { code, signal })
    })
    send(worker, { type: 'serve', databaseUrl: this.#options.databaseUrl })
    return promise
  }

  #replace(sinceMs: number, end: { readonly code: number | null; readonly signal: string | null }): void {
    if (this.#isStopping) return
    const isSteady = performance.now() - sinceMs > steadyMs
    this.#failures = isSteady ? 0 : this.#failures + 1
    this.#options.log.error(end, 'a worker has ended, and another one takes its place')
    this.#forkLater()
  }

  #forkLater(): void {
    const delayMs = this.#failures <= 1 ? 0 : Math.min(backOffMsMax, 500 * 2 ** (this.#failures - 1))
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      this.#fork().catch((error: unknown) => {
        if (this.#isStopping) return
        this.#failures++
        const reason = error instanceof Error ? error.message : String(error)
        this.#options.log.error({ reason }, 'a worker cannot be started')
        this.#forkLater()
      })
    }, delayMs)
    this.#timers.add(timer)
  }

  #metricsOf(worker: Worker): Promise<readonly object[] | null> {
    const id = ++this.#lastId
    return new Promise((resolve) => {
      const settle = (metrics: readonly object[] | null) => {
        clearTimeout(timer)
        this.#metrics.delete(id)
        resolve(metrics)
      }
      const timer = setTimeout(settle, metricsMsMax, null)
      this.#metrics.set(id, settle)
      send(worker, { type: 'read-metrics', id })
    })
  }
}

/** A failure is ignored: the worker is gone then, and its exit is handled. */
function send(worker: Worker, order: Order): void {
  if (worker.isConnected()) worker.send(order, () => undefined)
}
