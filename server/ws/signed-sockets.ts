import type { WebSocket } from 'ws'

/** The open sockets of this process, by the management key that signed them. */
export class SignedSockets {
  readonly #byKey = new Map<string, Set<WebSocket>>()
  readonly #perKeyMax: number

  constructor(perKeyMax: number) {
    this.#perKeyMax = perKeyMax
  }

  /** Counts a socket until it closes. Answers false, and does not count it, when its key has as many as it may. */
  admit(socket: WebSocket, managementKeyId: string): boolean {
    // Closed while its signature was checked: its close would not be heard any more.
    if (socket.readyState !== socket.OPEN) return true
    const sockets = this.#byKey.get(managementKeyId) ?? new Set()
    if (sockets.size >= this.#perKeyMax) return false
    this.#byKey.set(managementKeyId, sockets.add(socket))
    socket.once('close', () => {
      sockets.delete(socket)
      if (sockets.size === 0) this.#byKey.delete(managementKeyId)
    })
    return true
  }
}
