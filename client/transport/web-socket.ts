import { signatureRefusals, signatureRefused } from '../../schema/wire/errors.ts'
import { VaultError } from '../errors.ts'
import { findSocketBelow } from './socket-below.ts'

/** A message of graphql-transport-ws, the WebSocket sub-protocol of GraphQL. */
export interface SocketMessage {
  readonly type: string
  readonly payload?: unknown
}

export interface SocketOptions {
  /** A WebSocket class. Default: the global `WebSocket`. */
  readonly webSocketImpl: unknown
  readonly onOpen: () => Promise<void>
  /** An error that it throws ends the connection. */
  readonly onMessage: (message: SocketMessage) => void
  /** Once or more: why there is no connection any more. */
  readonly onEnd: (error: Error) => void
}

export interface Socket {
  send(message: SocketMessage): void
  close(): void
}

/**
 * Connects by graphql-transport-ws. The package graphql-ws would do the same, but it leaves the socket open when `next` with
 * errors and `complete` come in one chunk, and brings the package graphql, which is larger than all other dependencies of
 * the client together.
 *
 * @throws {TypeError} when `webSocketImpl` is given and is no class.
 * @throws {VaultError} NETWORK when this runtime has no WebSocket, or its policy allows none.
 */
export function connectSocket(
  url: string,
  { webSocketImpl = globalThis.WebSocket, onOpen, onMessage, onEnd }: SocketOptions,
): Socket {
  const socket = openSocket(url, webSocketImpl)
  const destroy = findSocketBelow(socket)
  let closing: ReturnType<typeof setTimeout> | undefined
  socket.addEventListener('open', () => {
    onOpen().catch((error: unknown) => {
      onEnd(asError(error))
    })
  })
  socket.addEventListener('message', (event) => {
    try {
      onMessage(parseMessage(event))
    } catch (error) {
      onEnd(asError(error))
    }
  })
  socket.addEventListener('close', (event) => {
    clearTimeout(closing)
    destroy()
    onEnd(errorOfClose(event))
  })
  // It stays for as long as the socket: the package `ws` takes an error that nobody listens to for the end of the process.
  socket.addEventListener('error', () => {
    onEnd(new VaultError('NETWORK'))
  })
  return {
    send: (message) => {
      socket.send(JSON.stringify(message))
    },
    close: () => {
      socket.close(1000)
      closing ??= setTimeout(destroy, closeWithinMs)
    },
  }
}

/** How long the server may take to answer a Close. */
const closeWithinMs = 2_000

interface OpenedSocket {
  addEventListener(type: string, listener: (event: unknown) => void): void
  send(text: string): void
  close(code: number): void
}

type WebSocketClass = new (url: string, protocol: string) => OpenedSocket

function openSocket(url: string, webSocketImpl: unknown): OpenedSocket {
  if (webSocketImpl === undefined) throw new VaultError('NETWORK', { detail: 'There is no WebSocket here.' })
  if (!isWebSocketClass(webSocketImpl)) throw new TypeError('webSocketImpl is a WebSocket class.')
  try {
    return new webSocketImpl(url, 'graphql-transport-ws')
  } catch (cause) {
    throw new VaultError('NETWORK', { detail: 'The WebSocket was not allowed.', cause })
  }
}

function isWebSocketClass(value: unknown): value is WebSocketClass {
  return typeof value === 'function'
}

function parseMessage(event: unknown): SocketMessage {
  const data = typeof event === 'object' && event !== null && 'data' in event ? event.data : null
  const message: unknown = typeof data === 'string' ? JSON.parse(data) : null
  if (typeof message !== 'object' || message === null) throw new VaultError('ANSWER_MALFORMED')
  const { type, payload } = Object.fromEntries<unknown>(Object.entries(message))
  if (typeof type !== 'string') throw new VaultError('ANSWER_MALFORMED')
  return { type, payload }
}

function asError(error: unknown): Error {
  // JSON's own message may quote what was received.
  return error instanceof Error && !(error instanceof SyntaxError)
    ? error
    : new VaultError('ANSWER_MALFORMED')
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
