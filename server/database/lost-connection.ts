import { codesOf } from './error-codes.ts'

/** Whether an error says that rows cannot be reached now, on whichever machine: the statement may have run, or not. */
export function isOutOfReach(error: unknown): boolean {
  return isConnectionLost(error) || isOfOtherNode(error)
}

/** Whether an error says that the connection is gone, or could not be made. */
export function isConnectionLost(error: unknown): boolean {
  return !isOfOtherNode(error) && codesOf(error).some((code) => lostConnectionCodes.has(code))
}

/**
 * Whether PostgreSQL says, over a connection that works, that a statement needs another node which cannot be reached: its
 * severity is not FATAL then.
 */
export function isOfOtherNode(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('severity' in cause)
      return cause.severity === 'ERROR' && codesOf(cause).some((code) => code.startsWith('08'))
  }
  return false
}

const lostConnectionCodes = new Set([
  'CONNECTION_CLOSED',
  'CONNECTION_DESTROYED',
  'CONNECTION_ENDED',
  'CONNECT_TIMEOUT',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENOTFOUND',
  'ECONNABORTED',
  'ENETUNREACH',
  'EAI_AGAIN',
  'ERR_SOCKET_CLOSED',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_WRITE_AFTER_END',
  // PostgreSQL, class 08 (connection exception), and that it has no connection left to give.
  '08000',
  '08001',
  '08003',
  '08004',
  '08006',
  // PgBouncer's code for its own failures: no server, or one that was lost.
  '08P01',
  '53300',
  // PostgreSQL, class 57 (operator intervention): the backend is being ended.
  '57P01',
  '57P02',
  '57P03',
  '57P05',
  // idle_in_transaction_session_timeout, transaction_timeout
  '25P03',
  '25P04',
])
