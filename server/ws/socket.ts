import type { Server } from 'graphql-ws'
import type { RawData, WebSocket } from 'ws'
import type { SignedRequest } from '../auth/signed-request.ts'
import type { Logger } from '../lib/log.ts'
import type { Heartbeats } from './heartbeats.ts'

/** A socket and its client, which graphql-ws passes to its hooks as `extra`. */
export interface SocketExtra {
  readonly socket: WebSocket
  readonly clientAddress: string
  /** The signature of `connection_init`; null before that is accepted. */
  signedRequest: SignedRequest | null
  /** Resets the idle timer, if it has one. */
  onActivity: () => void
}

export interface ServeSocketOptions {
  readonly clientAddress: string
  /** Runs the work that a message begins, to its end. */
  readonly observe: (work: () => Promise<void>) => Promise<void>
  readonly graphql: Server<SocketExtra>
  readonly heartbeats: Heartbeats
  readonly log: Logger
}

/** Bytes that may be buffered for a client before its messages are no longer read. */
const bufferedBytesMax = 256 * 1024
const internalError = 4500

/**
 * Runs graphql-transport-ws on one socket. It replaces graphql-ws's own adapter, which buffers without bound for a client
 * that sends and does not read, accepts any pong, and writes to the console.
 *
 * A client that does not read costs one result in flight for each of its 20 operations: graphql-ws requests a subscription's
 * next result once the last one was sent, and alerts are read from the database only then. While more is buffered, e.g.
 * answers to pings, nothing is read from the socket. {@link Heartbeats} end the socket of a client that does not read.
 */
export function serveSocket(
  socket: WebSocket,
  { clientAddress, graphql, observe, heartbeats, log }: ServeSocketOptions,
): void {
  socket.on('error', (error) => {
    // ws closes the socket itself, with the code that fits.
    log.debug({ err: error }, 'a socket failed')
  })
  const resumeReading = () => {
    if (socket.isPaused && socket.bufferedAmount <= bufferedBytesMax) socket.resume()
  }
  const closed = graphql.opened(
    {
      protocol: socket.protocol,
      send: (data) =>
        new Promise((resolve, reject) => {
          if (socket.readyState !== socket.OPEN) {
            resolve()
            return
          }
          socket.send(data, (error) => {
            resumeReading()
            if (error) reject(error)
            else resolve()
          })
        }),
      close: (code, reason) => {
        socket.close(code, reason)
      },
      onMessage: (receive) => {
        socket.on('message', (data) => {
          if (socket.bufferedAmount > bufferedBytesMax) socket.pause()
          observe(() => receive(textOf(data))).catch((error: unknown) => {
            log.debug({ err: error }, 'a message of a socket could not be handled')
            socket.close(internalError, 'INTERNAL_SERVER_ERROR')
          })
        })
      },
    },
    { socket, clientAddress, signedRequest: null, onActivity: () => undefined },
  )
  heartbeats.watch(socket, resumeReading)
  socket.once('close', (code, reason) => {
    closed(code, reason.toString()).catch((error: unknown) => {
      log.warn({ err: error }, 'the end of a socket could not be handled')
    })
  })
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString()
  return Buffer.isBuffer(data) ? data.toString() : Buffer.from(data).toString()
}
