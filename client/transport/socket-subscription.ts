import { webSocketProfile } from '../../schema/wire/signatures/http-signature.ts'
import { VaultError } from '../errors.ts'
import { httpEndpoint, webSocketEndpoint } from './endpoint.ts'
import { ResponseReader } from './response-reader.ts'
import { toKeyServerError } from './server-error.ts'
import type { OpenSubscription, SubscriptionEndpoint } from './subscription.ts'
import { connectSocket, type SocketMessage } from './web-socket.ts'

/** Bounds of one connection. */
const bounds = {
  /** From the start of connecting to the acknowledgement. */
  connectMs: 10_000,
  /** Silence after which the server is pinged. */
  pingAfterMs: 10_000,
  /** How long it may take to answer a ping. */
  pongWithinMs: 5_000,
}

/** Connects and subscribes over a WebSocket; ends the queue when it is over. @returns a function that closes the socket. */
export function openSocketSubscription<T>(
  { url, signer, webSocketImpl }: SubscriptionEndpoint,
  { document, variables, parse, queue, onConnected }: OpenSubscription<T>,
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
  // Bounds connecting, then in turn the silence that is left and the answer to a ping.
  let timer = setTimeout(onDead, bounds.connectMs)

  function receive({ type, payload }: SocketMessage): void {
    if (type === 'connection_ack') {
      send({ type: 'subscribe', id: '1', payload: { query: document, variables } })
      awaitSilence()
      onConnected()
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
