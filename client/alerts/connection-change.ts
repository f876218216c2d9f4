import type { StreamTransport } from '../transport/transports.ts'

/** How an alert stream reaches its reader now. */
export interface ConnectionChange {
  /**
   * `resumed-from-history`: the key server could no longer read the stream's cursor, so that the stream delivers every
   * alert that is kept, oldest first, and then goes on. Alerts that were dealt with may come again, and some may be
   * gone.
   */
  readonly state: 'connecting' | 'connected' | 'disconnected' | 'resumed-from-history'
  /** By this device's clock. */
  readonly since: Date
  readonly transport: StreamTransport
  /** The code of the error that ended the connection before; null when there was none. */
  readonly reason: string | null
}

/** Tells a listener of each change, once. An error that it throws is ignored: the stream does not end by it. */
export function connectionReporter(
  listener: ((change: ConnectionChange) => void) | undefined,
): (change: Omit<ConnectionChange, 'since'>) => void {
  let told = ''
  return (change) => {
    const facts = JSON.stringify(change)
    if (listener === undefined || facts === told) return
    told = facts
    try {
      listener({ ...change, since: new Date() })
    } catch {
      // It is the listener's.
    }
  }
}
