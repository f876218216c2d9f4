import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { pipelinedMax, pipelinedOfConnectionMax } from '../lib/transport-limits.ts'

type Serve = (request: IncomingMessage, response: ServerResponse) => void

interface Connection {
  isBusy: boolean
  /** Begins what was sent before its predecessor was answered, in order. */
  readonly waiting: (() => void)[]
}

/**
 * Serves one request of a connection at a time. node:http hands over every request that it finds in what it has read, up
 * to thousands in 64 KiB. The next one begins when the kernel has taken the answer before it (RFC 9112 §9.3.2 lets a
 * server do so), and meanwhile nothing more is read. A connection that still has too many waiting is closed: its client
 * sends again what was not answered.
 */
export class OneAtATime {
  readonly #serve: Serve
  readonly #connections = new WeakMap<Socket, Connection>()
  #waiting = 0

  constructor(serve: Serve) {
    this.#serve = serve
  }

  /** Whether a request of this connection is under way. */
  isBusy(socket: Socket): boolean {
    return this.#connections.get(socket)?.isBusy ?? false
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request
    const connection = this.#connectionOf(socket)
    const begin = () => {
      connection.isBusy = true
      response.on('close', () => {
        this.#next(socket, connection)
      })
      this.#serve(request, response)
    }
    if (!connection.isBusy) {
      begin()
    } else if (connection.waiting.length >= pipelinedOfConnectionMax || this.#waiting >= pipelinedMax) {
      socket.destroy()
    } else {
      connection.waiting.push(begin)
      this.#waiting += 1
      socket.pause()
    }
  }

  #connectionOf(socket: Socket): Connection {
    const known = this.#connections.get(socket)
    if (known !== undefined) return known
    const connection: Connection = { isBusy: false, waiting: [] }
    this.#connections.set(socket, connection)
    socket.once('close', () => {
      this.#waiting -= connection.waiting.splice(0).length
    })
    return connection
  }

  #next(socket: Socket, connection: Connection): void {
    if (connection.waiting.length === 0) {
      connection.isBusy = false
      return
    }
    // Other connections come first.
    setImmediate(() => {
      const begin = connection.waiting.shift()
      if (begin === undefined) return
      this.#waiting -= 1
      if (connection.waiting.length === 0) socket.resume()
      begin()
    })
  }
}
