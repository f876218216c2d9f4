import { Store } from '../data/store.ts'

/** `live`: alerts arrive as they happen. `connecting`: the key server answers, or may. `offline`: it is out of reach. */
export type ConnectionStatus = 'live' | 'connecting' | 'offline'

export interface ConnectionState {
  readonly status: ConnectionStatus
  /** Since when, in milliseconds since 1970. */
  readonly since: number
}

/**
 * Watches what the SDK sends and receives, so that the page can say what is true: it is given to the SDK in place of
 * `fetch` and `WebSocket`.
 */
export class ConnectionMonitor {
  readonly state = new Store<ConnectionState>({ status: 'connecting', since: Date.now() })
  /** The class for the SDK's sockets. */
  readonly webSocket: typeof WebSocket
  readonly #acknowledged = new Set<WebSocket>()
  #isReachable = true

  constructor() {
    const watch = (socket: WebSocket) => {
      this.#watch(socket)
    }
    this.webSocket = class extends WebSocket {
      constructor(...parameters: ConstructorParameters<typeof WebSocket>) {
        super(...parameters)
        watch(this)
      }
    }
    const update = () => {
      this.#update()
    }
    addEventListener('online', update)
    addEventListener('offline', update)
  }

  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    try {
      const response = await fetch(input, init)
      this.#setReachable(true)
      return response
    } catch (error) {
      // A request that the page itself gave up says nothing about the key server.
      if (!init?.signal?.aborted) this.#setReachable(false)
      throw error
    }
  }

  #watch(socket: WebSocket): void {
    let wasOpen = false
    socket.addEventListener('open', () => {
      wasOpen = true
      this.#setReachable(true)
    })
    // The first message is the acknowledgement: before it nothing is subscribed.
    socket.addEventListener('message', () => {
      if (this.#acknowledged.has(socket)) return
      this.#acknowledged.add(socket)
      this.#setReachable(true)
    })
    socket.addEventListener('close', () => {
      this.#acknowledged.delete(socket)
      if (wasOpen) this.#update()
      else this.#setReachable(false)
    })
  }

  #setReachable(isReachable: boolean): void {
    this.#isReachable = isReachable
    this.#update()
  }

  #update(): void {
    const status = this.#status()
    if (status !== this.state.value.status) this.state.set({ status, since: Date.now() })
  }

  #status(): ConnectionStatus {
    if (!navigator.onLine || (!this.#isReachable && this.#acknowledged.size === 0)) return 'offline'
    return this.#acknowledged.size > 0 ? 'live' : 'connecting'
  }
}
