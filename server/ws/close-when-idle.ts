import type { WebSocket } from 'ws'

/** A normal closure: a client connects again when it has a request. */
const closing = { code: 1000, reason: 'Idle' }

/**
 * Closes a socket that runs no operation for a time.
 *
 * @returns a function to call whenever it runs one
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
    // On a stopped timer, `refresh` would start it again.
    if (socket.readyState === socket.OPEN) timer.refresh()
  }
}
