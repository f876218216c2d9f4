import { VaultError } from '../errors.ts'

/**
 * How a stream reaches its reader: over a WebSocket; as server-sent events, where a proxy does not pass `Upgrade`; and page by
 * page, where a proxy holds streams back.
 */
export type StreamTransport = 'websocket' | 'event-stream' | 'paging'

/** After so many connections that were accepted and did not last, the next transport is tried. */
const shortLivedMax = 3

/** How long another transport than the first is kept before the first is tried again. */
const firstAgainMs = 10 * 60_000

/** Which transport a stream takes: the first that connects, kept for as long as it does. */
export class TransportChoice<T extends StreamTransport> {
  readonly #order: readonly [T, ...T[]]
  readonly #monotonicMs: () => number
  #index = 0
  #isConnected = false
  #shortLived = 0
  #leftFirstAtMs: number

  constructor(order: readonly [T, ...T[]], monotonicMs: () => number = () => performance.now()) {
    this.#order = order
    this.#monotonicMs = monotonicMs
    this.#leftFirstAtMs = monotonicMs()
  }

  get current(): T {
    return this.#order[this.#index] ?? this.#order[0]
  }

  /** The key server has accepted the connection. */
  connected(): void {
    this.#isConnected = true
  }

  /** The connection has shown that it works. */
  steady(): void {
    this.#shortLived = 0
  }

  /**
   * The connection is over, with this error or without one.
   *
   * @returns whether there is another transport to try at once.
   */
  ended(error: unknown): boolean {
    const wasConnected = this.#isConnected
    this.#isConnected = false
    if (!isAboutNetwork(error)) return false
    if (this.#index > 0 && this.#monotonicMs() - this.#leftFirstAtMs > firstAgainMs) {
      this.#leaveFor(0)
      return true
    }
    this.#shortLived += 1
    if (wasConnected && this.#shortLived < shortLivedMax) return false
    this.#leaveFor((this.#index + 1) % this.#order.length)
    return this.#index > 0
  }

  #leaveFor(index: number): void {
    if (this.#index === 0) this.#leftFirstAtMs = this.#monotonicMs()
    this.#index = index
    this.#shortLived = 0
  }
}

/** Whether another way through the network may mend a failure. A stream that just ends is cut off as well. */
function isAboutNetwork(error: unknown): boolean {
  if (error === null) return true
  return error instanceof VaultError && (error.code === 'NETWORK' || error.code === 'TIMEOUT')
}
