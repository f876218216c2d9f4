import type { Logger } from 'pino'
import type { DatabaseRoute } from '../database/route.ts'
import { isTrouble } from '../database/trouble.ts'
import { runPeriodically } from '../lib/jobs.ts'
import { ListenConnection } from './listen-connection.ts'
import type { Notifications } from './notifications.ts'
import { revocationChannel, alertChannel } from './channels.ts'

export interface NotificationListenerOptions {
  /** The address of a direct connection: a pooler that shares connections takes a LISTEN and delivers nothing. */
  readonly url: string
  /** By default a direct connection. */
  readonly route?: DatabaseRoute
  readonly notifications: Notifications
  /** The name of the node that it listens at, where there are several. */
  readonly source?: string
  /** Called with the id of each management key that any server revokes. A lost notification is not repeated. */
  readonly onRevoked?: (managementKeyId: string) => void
  readonly log: Logger
  /** Between two pings; an answer may take half of it. */
  readonly pingEveryMs?: number
  /** How long the first notification may take at the start. */
  readonly selfTestMs?: number
}

/** Whether notifications arrive. Without them streams read every few seconds. */
export interface ListenState {
  readonly isListening: boolean
  readonly since: Date
}

const openTimeoutMs = 15_000
const missesMax = 2

/**
 * Listens for notifications on a direct connection of its own, and signals the subscribers. After each LISTEN all of them read
 * what came meanwhile. The connection is pinged: from the first missed ping on, 4.5 seconds at most after the connection was
 * lost, subscribers read every few seconds; after the second the connection is replaced.
 */
export class NotificationListener {
  readonly #options: NotificationListenerOptions
  readonly #pingEveryMs: number
  readonly #selfTestMs: number
  #connection: ListenConnection | null = null
  #misses = 0
  #state: ListenState = { isListening: false, since: new Date() }
  #endPings: () => Promise<void> = () => Promise.resolve()

  constructor(options: NotificationListenerOptions) {
    this.#options = options
    this.#pingEveryMs = options.pingEveryMs ?? 3_000
    this.#selfTestMs = options.selfTestMs ?? 5_000
  }

  /**
   * Resolves when LISTEN stands and has delivered a first notification.
   *
   * @throws Error in words when it delivers none
   */
  async start(): Promise<void> {
    this.#connection = await this.#open()
    if (!(await this.#connection.ping(this.#selfTestMs))) {
      throw new Error(
        'PostgreSQL took a LISTEN, but delivered no notification. DATABASE_URL seems to lead through a pooler: ' +
          'set DATABASE_LISTEN_URL to a direct connection.',
      )
    }
    this.#note(true)
    this.#endPings = runPeriodically(() => this.#check(), {
      name: 'ping of the listening connection',
      everyMs: this.#pingEveryMs,
      log: this.#options.log,
      isFromOutside: isTrouble,
    })
  }

  /** Whether the last ping came back, and since when that is so. */
  get state(): ListenState {
    return this.#state
  }

  async stop(): Promise<void> {
    // A ping that is under way is missed, and the job ends with it.
    await Promise.all([this.#connection?.close(), this.#endPings()])
    // It may just have been replaced.
    await this.#connection?.close()
  }

  /** @returns false: there is nothing more to do before the next ping */
  async #check(): Promise<false> {
    const isAlive = (await this.#connection?.ping(this.#pingEveryMs / 2)) ?? false
    this.#misses = isAlive ? 0 : this.#misses + 1
    this.#note(isAlive)
    if (this.#misses >= missesMax) {
      this.#options.log.warn('the listening connection does not answer and is replaced')
      await this.#connection?.close()
      this.#connection = null
      this.#connection = await this.#open()
      this.#misses = 0
    }
    return false
  }

  #note(isListening: boolean): void {
    const { notifications, source } = this.#options
    notifications.setProven(isListening, source)
    if (this.#state.isListening !== isListening) this.#state = { isListening, since: new Date() }
  }

  #open(): Promise<ListenConnection> {
    const { url, route, notifications, onRevoked = () => undefined, log } = this.#options
    return ListenConnection.open(
      {
        url,
        route,
        channels: {
          [alertChannel]: (accountId) => {
            notifications.notify(accountId)
          },
          [revocationChannel]: onRevoked,
        },
        onListening: () => {
          log.debug('listening for alerts')
          notifications.notifyAll()
        },
      },
      { timeoutMs: openTimeoutMs },
    )
  }
}
