import { encodeCursor } from '../../../schema/wire/cursor.ts'
import { KeyServerError, type Alert } from '../../index.ts'
import { isOutOfReach, lastRead, type LastRead } from '../../keystore/last-read.ts'
import { Store } from '../data/store.ts'
import type { ViewerVault } from './access.ts'

export interface AlertFeedState {
  /** Newest first. */
  readonly alerts: readonly Alert[]
  readonly unreadCount: number
  /** There are older ones at the key server. */
  readonly hasOlder: boolean
  readonly isLoaded: boolean
  readonly error: unknown
}

type Newest = Pick<AlertFeedState, 'alerts' | 'unreadCount'>

/** Called for each alert that arrives while the page is open, and for those that it missed while it slept. */
export type AlertHandler = (alert: Alert) => void

const pageSize = 100
/** How many a page keeps; older ones are read again when they are asked for. */
const keptMax = 2_000
/** A page that was hidden for longer asks at once for what it missed. */
const sleptMs = 30_000
const retryMs = 5_000
/** Before the first alert: positions count from 1 in each account. */
const beginning = encodeCursor('alert', '0')

/** The account's alerts: those of before, and live. */
export class AlertFeed {
  readonly state = new Store<AlertFeedState>({
    alerts: [],
    unreadCount: 0,
    hasOlder: false,
    isLoaded: false,
    error: null,
  })
  readonly #vault: ViewerVault
  readonly #last: LastRead<Newest>
  readonly #listeners = new Set<AlertHandler>()
  #stream: AbortController | null = null

  constructor(vault: ViewerVault) {
    this.#vault = vault
    this.#last = lastRead(vault.managementKeyId, 'alerts')
  }

  /** Reads the newest alerts and follows. @returns a function that ends it */
  start(): () => void {
    let hiddenAt = Infinity
    const wake = () => {
      this.#stream?.abort()
    }
    const onVisibility = () => {
      if (document.hidden) hiddenAt = Date.now()
      else if (Date.now() - hiddenAt > sleptMs) wake()
    }
    addEventListener('online', wake)
    document.addEventListener('visibilitychange', onVisibility)
    const life = new AbortController()
    void this.#run(life.signal)
    return () => {
      life.abort()
      wake()
      removeEventListener('online', wake)
      document.removeEventListener('visibilitychange', onVisibility)
    }
  }

  onAlert(listener: AlertHandler): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async readOlder(): Promise<void> {
    const before = this.state.value.alerts.at(-1)?.cursor
    const page = await this.#vault.alertHistory({ last: pageSize, ...(before !== undefined && { before }) })
    const { alerts } = this.state.value
    // Two presses ask for the same page, and the list may have been read anew meanwhile.
    if (alerts.at(-1)?.cursor !== before) return
    this.#change({ alerts: [...alerts, ...page.alerts.toReversed()], hasOlder: page.hasPreviousPage })
  }

  /** Marks this alert and all older ones as read. */
  async acknowledge(upTo: string): Promise<void> {
    await this.#vault.acknowledgeAlerts(upTo)
    const { alerts } = this.state.value
    const found = alerts.findIndex(({ cursor }) => cursor === upTo)
    // One that is not kept any more is older than all that are.
    const newer = found === -1 ? alerts : alerts.slice(0, found)
    const now = new Date()
    this.#change({
      alerts: [...newer, ...alerts.slice(newer.length).map((alert) => acknowledged(alert, now))],
      // Not asked for: alerts that arrive meanwhile would be counted twice.
      unreadCount: newer.filter((alert) => readAtOf(alert) === null).length,
    })
  }

  async #run(life: AbortSignal): Promise<void> {
    while (!life.aborted) {
      try {
        if (!this.state.value.isLoaded) await this.#readNewest()
        await this.#follow(life)
      } catch (error) {
        this.#change({ error })
        if (isOutOfReach(error) && this.state.value.alerts.length === 0)
          this.#change((await this.#last.get()) ?? {})
        if (error instanceof KeyServerError && error.code === 'UNAUTHENTICATED') return
        if (error instanceof KeyServerError && error.code === 'CURSOR_EXPIRED')
          this.#change({ isLoaded: false })
        await new Promise((resolve) => setTimeout(resolve, retryMs))
      }
    }
  }

  async #readNewest(): Promise<void> {
    const page = await this.#vault.alertHistory({ last: pageSize })
    const newest = { alerts: page.alerts.toReversed(), unreadCount: page.unacknowledgedCount }
    this.#change({ ...newest, hasOlder: page.hasPreviousPage, isLoaded: true, error: null })
    this.#last.put(newest)
  }

  /** Until the stream is cut short, by a wake-up for one. */
  async #follow(life: AbortSignal): Promise<void> {
    const stream = new AbortController()
    if (life.aborted) return
    this.#stream = stream
    const after = this.state.value.alerts[0]?.cursor ?? beginning
    for await (const alert of this.#vault.alerts({ after, signal: stream.signal })) {
      const { alerts, unreadCount } = this.state.value
      this.#change({
        alerts: [alert, ...alerts].slice(0, keptMax),
        unreadCount: unreadCount + 1,
        error: null,
      })
      for (const listener of this.#listeners) listener(alert)
    }
  }

  #change(changes: Partial<AlertFeedState>): void {
    this.state.set({ ...this.state.value, ...changes })
  }
}

/** Null: not read. An alert of a kind that this version does not know has no such member. */
export function readAtOf(alert: Alert): Date | null {
  return 'acknowledgedAt' in alert ? alert.acknowledgedAt : null
}

function acknowledged(alert: Alert, now: Date): Alert {
  return 'acknowledgedAt' in alert ? { ...alert, acknowledgedAt: alert.acknowledgedAt ?? now } : alert
}
