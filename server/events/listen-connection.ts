import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { connectSql } from '../database/connect.ts'
import type { DatabaseRoute } from '../database/route.ts'

export interface ListenConnectionOptions {
  readonly url: string
  readonly route?: DatabaseRoute | undefined
  /** The handler of a notification's payload, by channel. */
  readonly channels: Readonly<Record<string, (payload: string) => void>>
  /** Called after each LISTEN, for each channel: notifications before it are lost. */
  readonly onListening: () => void
}

/**
 * A connection that listens. postgres.js connects it anew when it ends. Only a ping tells whether it is still alive: a
 * connection that was lost without a word looks like one without notifications.
 */
export class ListenConnection {
  readonly #sql
  readonly #pingChannel = `claviger_ping_${randomBytes(8).toString('hex')}`
  #pings = 0
  #onPing: (payload: string) => void = () => undefined

  private constructor(url: string, route: DatabaseRoute | undefined) {
    this.#sql = connectSql(url, { max: 1, route, connection: { application_name: 'claviger listen' } })
  }

  /**
   * Resolves after LISTEN.
   *
   * @throws Error of the connection, or that it took longer than `timeoutMs`
   */
  static async open(
    { url, route, channels, onListening }: ListenConnectionOptions,
    { timeoutMs }: { timeoutMs: number },
  ): Promise<ListenConnection> {
    const connection = new ListenConnection(url, route)
    try {
      const listening = Promise.all([
        ...Object.entries(channels).map(([channel, onNotification]) =>
          connection.#sql.listen(channel, onNotification, onListening),
        ),
        connection.#sql.listen(connection.#pingChannel, (payload) => {
          connection.#onPing(payload)
        }),
      ])
      if ((await orNull(timeoutMs, listening)) === null) {
        throw new Error(`LISTEN was not answered within ${String(timeoutMs)} ms.`)
      }
      return connection
    } catch (error) {
      await connection.close()
      throw error
    }
  }

  /** Sends a notification to itself, one at a time. @returns whether it came back in time */
  async ping(timeoutMs: number): Promise<boolean> {
    const payload = String(++this.#pings)
    const { promise, resolve } = Promise.withResolvers<true>()
    this.#onPing = (received) => {
      if (received === payload) resolve(true)
    }
    const sent = this.#sql.notify(this.#pingChannel, payload)
    const cameBack = sent.then(
      () => promise,
      () => null,
    )
    return (await orNull(timeoutMs, cameBack)) ?? false
  }

  /** Does not wait for a connection that does not answer. */
  async close(): Promise<void> {
    await this.#sql.end({ timeout: 0 }).catch(() => undefined)
  }
}

/** Null when it takes longer. */
async function orNull<T>(ms: number, promise: Promise<T>): Promise<T | null> {
  const timeout = new AbortController()
  try {
    return await Promise.race([promise, delay(ms, null, { signal: timeout.signal })])
  } finally {
    timeout.abort()
  }
}
