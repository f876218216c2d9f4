import type { Fetch } from './signing-fetch.ts'

/** How to reach the key server. All have defaults. */
export interface ConnectionOptions {
  /** How long one attempt of a request may take. A request has at most three attempts. Default: 10,000. */
  readonly timeoutMs?: number | undefined
  /** Default: the global `fetch`. */
  readonly fetch?: Fetch | undefined
  /** A WebSocket class. Default: the global `WebSocket`. */
  readonly webSocketImpl?: unknown
}
