import { webSocketProfile } from '../../schema/wire/signatures/http-signature.ts'
import { BoundedQueue } from './bounded-queue.ts'
import type { MessageSigner } from './message-signer.ts'
import { VaultError } from '../errors.ts'
import { ResponseReader } from './response-reader.ts'
import { httpEndpoint, webSocketEndpoint } from './endpoint.ts'
import { toKeyServerError } from './server-error.ts'
import { connectSocket, type SocketMessage } from './web-socket.ts'

/** Whom to connect to, and as whom. */
export interface SubscriptionEndpoint {
  /** The key server's origin. */
  readonly url: string
  readonly signer: MessageSigner
  /** A WebSocket class. Default: the global `WebSocket`. */
  readonly webSocketImpl?: unknown
}

export interface SubscriptionArguments<T> {
  readonly document: string
  readonly variables: Readonly<Record<string, unknown>>
  /** Reads the `data` of one result. Throws VaultError ANSWER_MALFORMED. */
  readonly parse: (data: ResponseReader) => T
  readonly signal: AbortSignal
}

/** Bounds of one connection. */
const bounds = {
  /** Items that wait for their consumer. One more ends the connection; the next one resumes. */
  queuedMax: 256,
  /** From the start of connecting to the acknowledgement. */
  connectMs: 10_000,
  /** Silence after which the server is pinged. */
  pingAfterMs: 10_000,
  /** How long it may take to answer a ping. */
  pongWithinMs: 5_000,
}

/**
 * The items of a subscription, over one WebSocket. Ends when the signal is aborted, the server completes, or the consumer
 * falls too far behind: then the last item's cursor tells where to go on.
 *
 * @throws {VaultError} NETWORK, TIMEOUT, ANSWER_MALFORMED.
 * @throws {KeyServerError} what the key server refused.
 */
export async function* itemsOfConnection<T>(
  endpoint: SubscriptionEndpoint,
  subscription: SubscriptionArguments<T>,
): AsyncGenerator<T, void, undefined> {
  const { signal } = subscription
  if (signal.aborted) return
  const queue = new BoundedQueue<T>(bounds.queuedMax)
  const close = openSocket(endpoint, { ...subscription, queue })
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

/** Connects and subscribes; ends the queue when it is over. @returns a function that closes the socket. */
function openSocket<T>(
  { url, signer, webSocketImpl }: SubscriptionEndpoint,
  {
    document,
    variables,
    parse,
    queue,
  }: Omit<SubscriptionArguments<T>, 'signal'> & { readonly queue: BoundedQueue<T> },
): () => void {
  let isOver = false
  const socket = connectSocket(webSocketEndpoint(url), {
    webSocketImpl,
    onOpen: async () => {
      const values = { '@method': 'GET', '@target-uri': httpEndpoint(url) }
      const { signatureInput, signature } = await signer.sign(webSocketProfile, values)
      send({ type: 'connection_init', payload: { 'signature-input': signatureInput, signature } })
    },
    onMessage: (message) => {
      if (!isOver) receive(message)
    },
    onEnd: finish,
  })
  // Of connecting, then in turn of the silence that is left and of the answer to a ping.
  let timer = setTimeout(onDead, bounds.connectMs)

  function receive({ type, payload }: SocketMessage): void {
    if (type === 'connection_ack') {
      send({ type: 'subscribe', id: '1', payload: { query: document, variables } })
      awaitSilence()
    } else if (type === 'next') {
      const { data, errors } = membersOf(payload)
      if (errors !== undefined) throw toKeyServerError(firstOf(errors))
      const hasRoom = queue.push(parse(new ResponseReader(data)))
      if (!hasRoom) finish(null)
    } else if (type === 'error') {
      throw toKeyServerError(firstOf(payload))
    } else if (type === 'complete') {
      finish(null)
    } else if (type === 'ping') {
      send({ type: 'pong' })
    } else if (type === 'pong') {
      awaitSilence()
    }
  }

  function awaitSilence(): void {
    clearTimeout(timer)
    timer = setTimeout(() => {
      send({ type: 'ping' })
      timer = setTimeout(onDead, bounds.pongWithinMs)
    }, bounds.pingAfterMs)
  }

  function send(message: SocketMessage & { readonly id?: string }): void {
    if (!isOver) socket.send(message)
  }

  function finish(error: Error | null): void {
    if (isOver) return
    isOver = true
    clearTimeout(timer)
    queue.end(error)
    socket.close()
  }

  function onDead(): void {
    finish(new VaultError('TIMEOUT'))
  }

  return () => {
    finish(null)
  }
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value))
  throw new VaultError('ANSWER_MALFORMED')
}

function firstOf(errors: unknown): unknown {
  return Array.isArray(errors) ? errors[0] : undefined
}
