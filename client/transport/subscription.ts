import { BoundedQueue } from './bounded-queue.ts'
import type { MessageSigner } from './message-signer.ts'
import type { ResponseReader } from './response-reader.ts'
import type { Fetch } from './signing-fetch.ts'
import { openEventStream } from './event-stream.ts'
import { openSocketSubscription } from './socket-subscription.ts'
import type { StreamTransport } from './transports.ts'

/** Where to connect to, and as whose key. */
export interface SubscriptionEndpoint {
  /** The key server's origin. */
  readonly url: string
  readonly signer: MessageSigner
  /** A WebSocket class. Default: the global `WebSocket`. */
  readonly webSocketImpl?: unknown
  /** For event streams. Default: the global `fetch`. */
  readonly fetch?: Fetch | undefined
}

export interface SubscriptionArguments<T> {
  readonly document: string
  readonly variables: Readonly<Record<string, unknown>>
  /** Reads the `data` of one result. Throws VaultError ANSWER_MALFORMED. */
  readonly parse: (data: ResponseReader) => T
  readonly signal: AbortSignal
  /** Default: websocket. */
  readonly transport?: Exclude<StreamTransport, 'paging'> | undefined
  /** The key server has accepted the connection. Called once. */
  readonly onConnected?: (() => void) | undefined
}

/** A subscription that was asked for, and the queue that its transport fills and ends. */
export interface OpenSubscription<T> extends Pick<
  SubscriptionArguments<T>,
  'document' | 'variables' | 'parse'
> {
  readonly queue: BoundedQueue<T>
  readonly onConnected: () => void
}

/** Items that wait for their consumer. One more ends the connection; the next one resumes. */
const queuedMax = 256

/**
 * The items of a subscription, over one connection. Ends when the signal is aborted, the server completes, or the consumer
 * falls too far behind: then the last item's cursor tells where to go on. Nothing is left open after any end.
 *
 * @throws {VaultError} NETWORK, TIMEOUT, ANSWER_MALFORMED.
 * @throws {KeyServerError} what the key server refused.
 */
export async function* itemsOfConnection<T>(
  endpoint: SubscriptionEndpoint,
  { signal, transport = 'websocket', onConnected = () => undefined, ...asked }: SubscriptionArguments<T>,
): AsyncGenerator<T, void, undefined> {
  if (signal.aborted) return
  const queue = new BoundedQueue<T>(queuedMax)
  const open = transport === 'websocket' ? openSocketSubscription : openEventStream
  const close = open<T>(endpoint, { ...asked, queue, onConnected })
  const leave = () => {
    queue.abandon()
    close()
  }
  signal.addEventListener('abort', leave)
  try {
    yield* queue
  } finally {
    signal.removeEventListener('abort', leave)
    leave()
  }
}
