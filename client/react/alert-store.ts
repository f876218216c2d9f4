import type { Alert, ConnectionChange, Vault } from 'claviger'
import { isOutOfReach, type LastRead } from '../keystore/last-read.ts'

/** An account's alerts as a page has them. */
export interface AlertsSnapshot {
  /** Newest first, the newest 500. */
  readonly alerts: readonly Alert[]
  readonly unacknowledgedCount: number
  readonly connection: ConnectionChange['state']
  readonly error: unknown
}

/** How many alerts are kept. */
const keptMax = 500
const historySize = 100
const retryMs = 5_000

/** Kept for a visit without the key server. */
export type NewestAlerts = Pick<AlertsSnapshot, 'alerts' | 'unacknowledgedCount'>

export const nothing: AlertsSnapshot = {
  alerts: [],
  unacknowledgedCount: 0,
  connection: 'connecting',
  error: null,
}

/** One stream for all components that show the alerts of a vault: it runs while there is one. */
export class AlertStore {
  readonly #vault: Vault
  readonly #last: LastRead<NewestAlerts> | null
  /** Nothing was read so far, but what was kept of the last visit. */
  #isUnread = true
  readonly #listeners = new Set<() => void>()
  #snapshot = nothing
  #running: AbortController | null = null

  constructor(vault: Vault, last: LastRead<NewestAlerts> | null = null) {
    this.#vault = vault
    this.#last = last
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    if (this.#running === null) {
      this.#running = new AbortController()
      void this.#run(this.#running.signal)
    }
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size > 0) return
      this.#running?.abort()
      this.#running = null
    }
  }

  readonly snapshot = (): AlertsSnapshot => this.#snapshot

  async acknowledge(upTo: string): Promise<void> {
    await this.#vault.acknowledgeAlerts(upTo)
    await this.#readHistory()
  }

  /** From the history on, so that nothing is missed between the two. */
  async #run(signal: AbortSignal): Promise<void> {
    const isOver = () => signal.aborted
    while (!isOver()) {
      try {
        const after = await this.#readHistory()
        const stream = this.#vault.alerts({
          ...(after !== null && { after }),
          signal,
          onConnectionChange: ({ state }) => {
            if (!isOver()) this.#set({ connection: state })
          },
        })
        for await (const alert of stream) this.#add(alert)
      } catch (error) {
        if (isOver()) return
        if (this.#isUnread) this.#set(isOutOfReach(error) ? await this.#kept() : nothing)
        this.#set({ error, connection: 'disconnected' })
        await new Promise((resolve) => setTimeout(resolve, retryMs))
      }
    }
  }

  /** @returns the cursor of the newest alert; null when there is none */
  async #readHistory(): Promise<string | null> {
    const page = await this.#vault.alertHistory({ last: historySize })
    // The answer lacks alerts that have arrived since the key server looked.
    const alerts = this.#isUnread ? [] : this.#snapshot.alerts
    const arrived = alerts.slice(0, Math.max(0, indexOf(alerts, page.endCursor)))
    this.#set({
      alerts: [...arrived, ...page.alerts.toReversed()].slice(0, keptMax),
      unacknowledgedCount: page.unacknowledgedCount + arrived.length,
      error: null,
    })
    this.#isUnread = false
    this.#last?.put({ alerts: page.alerts.toReversed(), unacknowledgedCount: page.unacknowledgedCount })
    return page.endCursor
  }

  async #kept(): Promise<Partial<AlertsSnapshot>> {
    return (await this.#last?.get()) ?? {}
  }

  #add(alert: Alert): void {
    const { alerts, unacknowledgedCount } = this.#snapshot
    if (alerts.some(({ cursor }) => cursor === alert.cursor)) return
    this.#set({
      alerts: [alert, ...alerts].slice(0, keptMax),
      unacknowledgedCount: unacknowledgedCount + 1,
    })
  }

  #set(changes: Partial<AlertsSnapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...changes }
    for (const listener of this.#listeners) listener()
  }
}

/** Where an alert stands in a list; behind the last one when `cursor` is null, -1 when it is not there. */
function indexOf(alerts: readonly Alert[], cursor: string | null): number {
  return cursor === null ? alerts.length : alerts.findIndex((alert) => alert.cursor === cursor)
}

const stores = new WeakMap<Vault, AlertStore>()

/** The one store of a vault. */
export function alertStoreOf(vault: Vault, last: LastRead<NewestAlerts> | null): AlertStore {
  const known = stores.get(vault)
  if (known !== undefined) return known
  const store = new AlertStore(vault, last)
  stores.set(vault, store)
  return store
}
