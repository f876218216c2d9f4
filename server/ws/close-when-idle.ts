import type { WebSocket } from 'ws'

/** A normal closure: a client comes back when it has something to ask. */
const closing = { code: 1000, reason: 'Idle' }

/**
 * Closes a socket that runs nothing for a time.
 *
 * @returns what to call when it runs something
 */
export function closeWhenIdle(socket: WebSocket, { idleMs }: { readonly idleMs: number }): () => void {
  const timer = setTimeout(() => {
    socket.close(closing.code, closing.reason)
  }, idleMs)
  const stop = () => {
    clearTimeout(timer)
  }
  socket.once('close', stop)
  if (socket.readyState === socket.CLOSED) stop()
  return () => {
    // Would start again what was stopped.
    if (socket.readyState === socket.OPEN) timer.refresh()
  }
}
