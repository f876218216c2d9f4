import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import { connectSql } from '../database/connect.ts'
import type { WakeUps } from './wake-up.ts'

const channel = 'claviger_alerts'
const firstListenTimeoutMs = 15_000

/**
 * Listens for notifications on a direct connection of its own and wakes the subscribers. postgres.js makes a new
 * connection when one is lost; after each (re)listen everybody looks for what came meanwhile.
 */
export class AlertListener {
  readonly #sql
  readonly #wakeUps: WakeUps
  readonly #log: Logger

  constructor(options: { readonly url: string; readonly wakeUps: WakeUps; readonly log: Logger }) {
    this.#sql = connectSql(options.url, { max: 1, connection: { application_name: 'claviger listen' } })
    this.#wakeUps = options.wakeUps
    this.#log = options.log
  }

  /** Resolves when the first LISTEN stands. */
  async start(): Promise<void> {
    const listening = this.#sql.listen(
      channel,
      (accountId) => {
        this.#wakeUps.ring(accountId)
      },
      () => {
        this.#log.debug('listening for alerts')
        this.#wakeUps.ringAll()
      },
    )
    const timeout = new AbortController()
    try {
      await Promise.race([
        listening,
        delay(firstListenTimeoutMs, undefined, { signal: timeout.signal }).then(() => {
          throw new Error(`LISTEN did not stand within ${String(firstListenTimeoutMs)} ms.`)
        }),
      ])
    } finally {
      timeout.abort()
    }
  }

  async stop(): Promise<void> {
    await this.#sql.end({ timeout: 2 })
  }
}
