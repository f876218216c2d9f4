import { createClient } from 'graphql-ws/client'
import { signatureRefusals, signatureRefused } from '../../schema/wire/errors.ts'
import { webSocketProfile } from '../../schema/wire/signatures/http-signature.ts'
import { BoundedQueue } from './bounded-queue.ts'
import type { MessageSigner } from './message-signer.ts'
import { VaultError } from '../errors.ts'
import { ResponseReader } from './response-reader.ts'
import { httpEndpoint, webSocketEndpoint } from './endpoint.ts'
import { toKeyServerError } from './server-error.ts'

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
  let isConnected = false
  let deadline = setTimeout(onDead, bounds.connectMs)
  let unsubscribe: () => void = () => undefined

  const client = createClient({
    url: webSocketEndpoint(url),
    webSocketImpl,
    // Reconnecting is for the stream: it knows the cursor to resume after, and graphql-ws would repeat the old one.
    retryAttempts: 0,
    keepAlive: bounds.pingAfterMs,
    connectionParams: async () => {
      const values = { '@method': 'GET', '@target-uri': httpEndpoint(url) }
      const { signatureInput, signature } = await signer.sign(webSocketProfile, values)
      return { 'signature-input': signatureInput, signature }
    },
    on: {
      connected: () => {
        isConnected = true
        clearTimeout(deadline)
      },
      ping: (isReceived) => {
        if (isReceived || isOver) return
        clearTimeout(deadline)
        deadline = setTimeout(onDead, bounds.pongWithinMs)
      },
      pong: (isReceived) => {
        if (isReceived) clearTimeout(deadline)
      },
      closed: (event) => {
        finish(errorOfClose(event))
      },
      error: () => {
        finish(new VaultError('NETWORK'))
      },
    },
  })

  unsubscribe = client.subscribe(
    { query: document, variables: { ...variables } },
    {
      next: ({ data, errors }) => {
        try {
          if (errors !== undefined) throw toKeyServerError(errors[0])
          const hasRoom = queue.push(parse(new ResponseReader(data)))
          if (!hasRoom) finish(null)
        } catch (error) {
          finish(error instanceof Error ? error : new VaultError('ANSWER_MALFORMED'))
        }
      },
      // What is no list of GraphQL errors was told by `closed` or `error` before.
      error: (errors) => {
        finish(Array.isArray(errors) ? toKeyServerError(errors[0]) : new VaultError('NETWORK'))
      },
      complete: () => {
        finish(null)
      },
    },
  )

  function finish(error: Error | null): void {
    if (isOver) return
    isOver = true
    clearTimeout(deadline)
    queue.end(error)
    unsubscribe()
    // A socket that is still connecting has nobody to say good-bye to. The package `ws` takes that for an error which
    // nobody listens to any more, so other implementations than the global one are left to their own time-outs.
    if (!isConnected && webSocketImpl === undefined) client.terminate()
  }

  function onDead(): void {
    finish(new VaultError('TIMEOUT'))
    client.terminate()
  }

  return () => {
    finish(null)
  }
}

/** Close codes of the GraphQL over WebSocket protocol that no repetition mends. */
const fatalCloseCodes: readonly unknown[] = [4400, 4406]

const forbiddenCloseCode = 4403

function errorOfClose(event: unknown): Error {
  const members = closeOf(event)
  if (members.code === forbiddenCloseCode) {
    const refusal = signatureRefusals.find((known) => members.reason.startsWith(known))
    if (refusal !== undefined) return signatureRefused(refusal)
  }
  if (fatalCloseCodes.includes(members.code)) {
    return new VaultError('ANSWER_MALFORMED', {
      detail: `It closed the socket with ${String(members.code)}.`,
    })
  }
  return new VaultError('NETWORK')
}

/** The members of a CloseEvent are accessors of its prototype. */
function closeOf(event: unknown): { readonly code: unknown; readonly reason: string } {
  if (typeof event !== 'object' || event === null || !('code' in event)) return { code: null, reason: '' }
  const reason = 'reason' in event && typeof event.reason === 'string' ? event.reason : ''
  return { code: event.code, reason }
}
