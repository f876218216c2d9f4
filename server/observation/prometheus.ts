import { AggregatorRegistry, collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import { transactionKeyStates } from '../../schema/wire/enums.ts'
import type { Meters } from './meters.ts'

/** Values that are read from the database when metrics are scraped. */
export interface Gauges {
  /** Open subscriptions. */
  readonly subscribers: () => number
  readonly pools: () => readonly PoolUse[]
  /** Rejects when the database gives no answer: then these two are left out. */
  readonly backlog: () => Promise<Backlog>
}

/** How a pool of connections is used. */
export interface PoolUse {
  readonly pool: 'reads' | 'writes' | 'jobs'
  readonly connectionsMax: number
  /** Statements and transactions that are under way or wait for a connection. */
  readonly inFlight: number
}

/** Work that is due and not done yet, of all servers together. */
export interface Backlog {
  readonly deadlinesOverdue: number
  readonly webhooksDue: number
}

export interface Prometheus {
  readonly meters: Meters
  readonly contentType: string
  /** All metrics in Prometheus's text format. */
  readonly read: () => Promise<string>
  /** The same for {@link sumUp}. They can be sent to another process. */
  readonly readValues: () => Promise<Record<string, unknown>[]>
  /** Adds what is looked up. Call it once. */
  observe(gauges: Gauges): void
}

const requestSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
/** The documents promise one second. */
const alertSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60]

/** The codes of refused acquisitions that say something about the key. */
const acquisitionRefusals = ['NOT_FOUND', 'KEY_NOT_YET_VALID', 'KEY_REVOKED', 'KEY_OVERUSED']

export const contentType = Registry.PROMETHEUS_CONTENT_TYPE

/**
 * The metrics of several key servers on one database as those of one, in Prometheus's text format: sums, and averages of those
 * that describe a process.
 */
export function sumUp(ofEach: readonly (readonly object[])[]): Promise<string> {
  return AggregatorRegistry.aggregate([...ofEach]).metrics()
}

/** The metrics of one key server, in a registry of their own. The values of all labels are of our making, and few. */
export function createPrometheus(): Prometheus {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const requests = new Counter({
    name: 'claviger_requests_total',
    help: 'Requests by operation and by the code of their error, OK when there was none.',
    labelNames: ['operation', 'code'],
    registers,
  })
  const durations = new Histogram({
    name: 'claviger_request_duration_seconds',
    help: 'How long requests took, without subscriptions.',
    labelNames: ['operation'],
    buckets: requestSeconds,
    registers,
  })
  const acquisitions = new Counter({
    name: 'claviger_acquisitions_total',
    help: 'Wrapped keys that were released (GRANTED), and acquisitions that were refused, by the code.',
    labelNames: ['outcome'],
    registers,
  })
  const verifications = new Counter({
    name: 'claviger_verifications_total',
    help: 'Verifications of public keys by the state of the key; UNKNOWN when it is not the owner’s.',
    labelNames: ['result'],
    registers,
  })
  const alertDelays = new Histogram({
    name: 'claviger_alert_delay_seconds',
    help: 'From the storage of an alert to its delivery to a subscriber that is connected.',
    buckets: alertSeconds,
    registers,
  })
  // They are there before the first one of each, so that the first is an increase.
  for (const outcome of ['GRANTED', ...acquisitionRefusals]) acquisitions.inc({ outcome }, 0)
  for (const result of [...transactionKeyStates, 'UNKNOWN']) verifications.inc({ result }, 0)
  return {
    meters: {
      countRequest: (operation, code, seconds) => {
        requests.inc({ operation, code })
        if (seconds !== null) durations.observe({ operation }, seconds)
      },
      countAcquisitions: (outcome, count) => {
        acquisitions.inc({ outcome }, count)
      },
      countVerification: (result) => {
        verifications.inc({ result })
      },
      timeAlert: (seconds) => {
        alertDelays.observe(seconds)
      },
    },
    contentType,
    read: () => registry.metrics(),
    readValues: async () => (await registry.getMetricsAsJSON()).map((metric) => ({ ...metric })),
    observe: (gauges) => {
      addGauges(registers, gauges)
    },
  }
}

function addGauges(registers: Registry[], { subscribers, pools, backlog }: Gauges): void {
  new Gauge({
    name: 'claviger_subscribers',
    help: 'Open subscriptions.',
    registers,
    collect() {
      this.set(subscribers())
    },
  })
  new Gauge({
    name: 'claviger_database_pool',
    help: 'Connections of a pool: the most that it opens, those in use, and what waits for one.',
    labelNames: ['pool', 'state'],
    registers,
    collect() {
      for (const { pool, connectionsMax, inFlight } of pools()) {
        this.set({ pool, state: 'max' }, connectionsMax)
        this.set({ pool, state: 'in_use' }, Math.min(inFlight, connectionsMax))
        this.set({ pool, state: 'waiting' }, Math.max(0, inFlight - connectionsMax))
      }
    },
  })
  // One look for both: the second to be collected waits for the first's.
  let looking: Promise<Backlog | null> | null = null
  const look = () =>
    (looking ??= backlog()
      .catch(() => null)
      .finally(() => {
        looking = null
      }))
  const addBacklog = (name: string, help: string, of: (found: Backlog) => number) => {
    new Gauge({
      name,
      help,
      registers,
      // Each key server sees the whole backlog.
      aggregator: 'max',
      async collect() {
        const found = await look()
        if (found === null) this.remove()
        else this.set(of(found))
      },
    })
  }
  addBacklog(
    'claviger_deadlines_overdue',
    'Deadlines that passed more than 5 seconds ago and have raised no alert yet.',
    ({ deadlinesOverdue }) => deadlinesOverdue,
  )
  addBacklog(
    'claviger_webhook_queue',
    'Webhooks whose next delivery is due and has not begun.',
    ({ webhooksDue }) => webhooksDue,
  )
}
