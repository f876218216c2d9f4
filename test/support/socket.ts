import { WebSocket } from 'ws'
import { signRequest, signSocket, type RawKey } from './raw-client.ts'

/** A message of graphql-transport-ws. */
export interface SocketMessage {
  readonly type: string
  readonly id?: string
  // Tests read payloads of many shapes; what they expect of them they assert.
  readonly payload?: any // eslint-disable-line @typescript-eslint/no-explicit-any -- see above
}

const waitMs = 10_000

/** Things that arrive and are taken one by one, with a bound on every wait. */
class Inbox<T> {
  readonly #arrived: T[] = []
  #onArrival: () => void = () => undefined
  #end: string | null = null

  get size(): number {
    return this.#arrived.length
  }

  put(thing: T): void {
    this.#arrived.push(thing)
    this.#onArrival()
  }

  /** Nothing more arrives, for this reason. */
  end(reason: string): void {
    this.#end ??= reason
    this.#onArrival()
  }

  /** @throws Error when nothing arrives in time, and at once when nothing can */
  async take(timeoutMs: number, what: string): Promise<T> {
    const deadline = performance.now() + timeoutMs
    for (;;) {
      const first = this.#arrived.shift()
      if (first !== undefined) return first
      if (this.#end !== null) throw new Error(`No ${what}: ${this.#end}`)
      const { promise, resolve } = Promise.withResolvers<undefined>()
      const timer = setTimeout(resolve, deadline - performance.now(), undefined)
      this.#onArrival = () => {
        resolve(undefined)
      }
      await promise
      clearTimeout(timer)
      if (this.size === 0 && performance.now() >= deadline) throw new Error(`No ${what} in ${timeoutMs} ms.`)
    }
  }
}

export interface SocketClose {
  readonly code: number
  readonly reason: string
}

/** A client of graphql-transport-ws that does only what it is told, so that it can also break the protocol. */
export class RawSocket {
  readonly socket: WebSocket
  /** Resolves when the socket has closed. */
  readonly closed: Promise<SocketClose>
  readonly #messages = new Inbox<SocketMessage>()

  private constructor(socket: WebSocket) {
    this.socket = socket
    socket.on('message', (data: Buffer) => {
      const message: SocketMessage = JSON.parse(data.toString())
      this.#messages.put(message)
    })
    this.closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => {
        this.#messages.end(`closed with ${code} ${reason.toString()}`)
        resolve({ code, reason: reason.toString() })
      })
    })
    // The close frame says why.
    socket.on('error', () => undefined)
  }

  /**
   * Opens a socket.
   *
   * @throws Error when the upgrade is refused; its message has the HTTP status
   */
  static async open(
    url: string,
    {
      protocols = ['graphql-transport-ws'],
      ...options
    }: {
      protocols?: string[]
      origin?: string
      host?: string
      autoPong?: boolean
      path?: string
      headers?: Record<string, string>
    } = {},
  ): Promise<RawSocket> {
    const { path = '/graphql', host, headers = {}, ...rest } = options
    const socket = new WebSocket(`${url.replace(/^http/, 'ws')}${path}`, protocols, {
      handshakeTimeout: waitMs,
      headers: { ...headers, ...(host !== undefined && { host }) },
      ...rest,
    })
    const raw = new RawSocket(socket)
    await new Promise((resolve, reject) => {
      socket.once('open', resolve).once('error', reject)
    })
    return raw
  }

  /** Opens a socket and waits for its acknowledgement: signed by `key`, or unsigned when it is null. */
  static async connect(url: string, key: RawKey | null): Promise<RawSocket> {
    const socket = await RawSocket.open(url)
    await socket.initialise(key === null ? undefined : await signSocket(url, key))
    return socket
  }

  async initialise(payload?: object): Promise<void> {
    this.send({ type: 'connection_init', payload })
    const message = await this.next()
    if (message.type !== 'connection_ack') throw new Error(`Expected connection_ack, not ${message.type}.`)
  }

  send(message: object | string): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message))
  }

  /** Messages that were received and not taken yet. */
  get waiting(): number {
    return this.#messages.size
  }

  next(timeoutMs = waitMs): Promise<SocketMessage> {
    return this.#messages.take(timeoutMs, 'message')
  }

  subscribe(id: string, payload: { query: string; variables?: object; operationName?: string }): void {
    this.send({ id, type: 'subscribe', payload })
  }

  /** Runs an operation and returns its first message. */
  async run(query: string, variables: object = {}): Promise<SocketMessage> {
    this.subscribe('run', { query, variables })
    const message = await this.next()
    // After an error nothing more comes.
    if (message.type === 'next') await this.next()
    return message
  }

  async close(): Promise<SocketClose> {
    this.socket.close()
    return this.closed
  }
}

export interface AlertNode {
  readonly id: string
  readonly kind: string
  readonly cursor: string
}

export const alertsSubscription = `subscription ($after: String, $kinds: [AlertKind!]) {
  alerts(after: $after, kinds: $kinds) { id kind cursor }
}`

export interface AlertsAsked {
  readonly after?: string
  readonly kinds?: readonly string[]
}

/** A subscription to alerts over either transport. */
export interface AlertFeed {
  /** @throws Error when none comes in time, or when the subscription ends or fails */
  next(timeoutMs?: number): Promise<AlertNode>
  close(): Promise<unknown>
}

/**
 * Subscribes to alerts on a socket of its own. The subscription may not stand yet when this resolves; one that begins at
 * a cursor misses nothing.
 */
export async function feedOverSocket(url: string, key: RawKey, asked: AlertsAsked = {}): Promise<AlertFeed> {
  const socket = await RawSocket.connect(url, key)
  socket.subscribe('alerts', { query: alertsSubscription, variables: asked })
  return {
    async next(timeoutMs) {
      const { type, payload } = await socket.next(timeoutMs)
      if (type !== 'next' || payload.errors) throw new Error(`${type}: ${JSON.stringify(payload)}`)
      const alert: AlertNode = payload.data.alerts
      return alert
    },
    close: () => socket.close(),
  }
}

export interface ServerSentEvent {
  readonly event: string
  readonly data: string
}

/** A signed POST with `Accept: text/event-stream`, and the events that it answers with. */
export class RawEvents {
  readonly status: number
  readonly contentType: string | null
  /** Resolves when the answer has ended, or broke off. */
  readonly ended: Promise<void>
  readonly #events = new Inbox<ServerSentEvent>()
  readonly #abort: AbortController

  private constructor(response: Response, abort: AbortController) {
    this.status = response.status
    this.contentType = response.headers.get('content-type')
    this.#abort = abort
    this.ended = this.#read(response)
  }

  static async open(
    url: string,
    key: RawKey,
    request: { query: string; variables?: object },
  ): Promise<RawEvents> {
    const { headers, body, url: target } = await signRequest(url, key, request)
    const abort = new AbortController()
    const response = await fetch(target, {
      method: 'POST',
      headers: { ...headers, accept: 'text/event-stream' },
      body,
      signal: abort.signal,
    })
    return new RawEvents(response, abort)
  }

  next(timeoutMs = waitMs): Promise<ServerSentEvent> {
    return this.#events.take(timeoutMs, 'event')
  }

  async close(): Promise<void> {
    this.#abort.abort()
    await this.ended
  }

  async #read(response: Response): Promise<void> {
    let text = ''
    try {
      for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        const blocks = (text + chunk).split('\n\n')
        text = blocks.pop() ?? ''
        for (const block of blocks) {
          const fields = new Map(
            block.split('\n').map((line) => [line.split(':')[0], line.replace(/^[^:]*: ?/, '')]),
          )
          const event = fields.get('event')
          // Without a name it is a comment that keeps the connection alive.
          if (event !== undefined) this.#events.put({ event, data: fields.get('data') ?? '' })
        }
      }
    } catch {
      // Broken off, by either end.
    }
    this.#events.end('the answer has ended')
  }
}

/** Like {@link feedOverSocket}, over server-sent events. */
export async function feedOverEvents(url: string, key: RawKey, asked: AlertsAsked = {}): Promise<AlertFeed> {
  const events = await RawEvents.open(url, key, { query: alertsSubscription, variables: asked })
  return {
    async next(timeoutMs) {
      const { event, data } = await events.next(timeoutMs)
      const result = event === 'next' ? JSON.parse(data) : {}
      if (!result.data) throw new Error(`${event}: ${data}`)
      const alert: AlertNode = result.data.alerts
      return alert
    },
    close: () => events.close(),
  }
}
