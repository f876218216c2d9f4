import type { WebSocket } from 'ws'
import type { RevocationWatch, WatchedKey } from '../auth/revocation-watch.ts'

/** As for a signature that is refused: nothing else becomes of the next one. */
const closing = { code: 4403, reason: 'SIGNATURE_INVALID' }

/** Closes a socket when the management key that signs it is revoked. Begin before its signature is claimed. */
export function closeWhenRevoked(
  socket: WebSocket,
  { revocations, key }: { readonly revocations: RevocationWatch; readonly key: WatchedKey },
): void {
  const endWatch = revocations.watch(key, () => {
    socket.close(closing.code, closing.reason)
  })
  socket.once('close', endWatch)
  // Closed while the signature was checked: its close would not be heard any more.
  if (socket.readyState === socket.CLOSED) endWatch()
}
