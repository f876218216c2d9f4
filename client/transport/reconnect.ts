import { KeyServerError } from '../../schema/wire/errors.ts'
import type { Clock } from './clock.ts'
import type { ConnectionOptions } from './connection-options.ts'
import { readKeyServerTime } from './key-server-facts.ts'

/** Doubled after each failure, in milliseconds. */
const reconnectMs = { first: 250, max: 30_000 }

/** How long to wait before connecting again, in milliseconds, jittered by a half. */
export function reconnectDelayMs(failures: number): number {
  return Math.min(reconnectMs.max, reconnectMs.first * 2 ** failures) * (0.5 + Math.random())
}

export function isExpiredSignature(error: unknown): boolean {
  return error instanceof KeyServerError && error.details.reason === 'SIGNATURE_EXPIRED'
}

/**
 * A socket's refusal does not tell the key server's time, so it is asked for.
 *
 * @returns false when it did not answer
 * @throws {VaultError} CLOCKS_DIFFER
 */
export async function correctClock(
  clock: Clock,
  keyServer: ConnectionOptions & { readonly url: string },
): Promise<boolean> {
  const time = await readKeyServerTime(keyServer).catch(() => null)
  if (time === null) return false
  clock.correct(time)
  return true
}
