import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { writeTimeoutMs } from '../lib/transport-limits.ts'

interface Standstill {
  /** Bytes that the kernel has taken. */
  readonly takenBytes: number
  readonly sinceMs: number
}

/**
 * Cuts off clients that do not read: a connection of which something waits to be written, and of which the kernel has
 * taken nothing for {@link writeTimeoutMs}. node:http has no such time-out: its own begins anew whenever a byte comes in.
 */
export function cutSlowReaders(server: Server): void {
  const standstills = new Map<Socket, Standstill | null>()
  server.on('connection', (socket) => {
    standstills.set(socket, null)
    socket.once('close', () => standstills.delete(socket))
  })
  const timer = setInterval(() => {
    const nowMs = performance.now()
    for (const [socket, before] of standstills) {
      const waitingBytes = socket.writableLength
      const takenBytes = socket.bytesWritten - waitingBytes
      if (waitingBytes === 0) standstills.set(socket, null)
      else if (before?.takenBytes !== takenBytes) standstills.set(socket, { takenBytes, sinceMs: nowMs })
      else if (nowMs - before.sinceMs >= writeTimeoutMs) socket.destroy()
    }
  }, writeTimeoutMs / 10)
  timer.unref()
  server.once('close', () => {
    clearInterval(timer)
  })
}
