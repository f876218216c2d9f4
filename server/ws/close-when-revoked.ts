import type { WebSocket } from 'ws'
import type { RevocationWatch, WatchedKey } from '../auth/revocation-watch.ts'

/** The same as for a refused signature: the next `connection_init` with this key is refused that way. */
const closing = { code: 4403, reason: 'SIGNATURE_INVALID' }

/** Closes a socket when the management key that signs it is revoked. Call it before the nonce is consumed. */
export function closeWhenRevoked(
  socket: WebSocket,
  { revocations, key }: { readonly revocations: RevocationWatch; readonly key: WatchedKey },
): void {
  const endWatch = revocations.watch(key, () => {
    socket.close(closing.code, closing.reason)
  })
  socket.once('close', endWatch)
  // When it was closed while the signature was checked, no `close` event follows.
  if (socket.readyState === socket.CLOSED) endWatch()
}
