import { InvalidConfig } from '../config.ts'
import { InvalidAddress } from '../database/invalid-address.ts'
import { codesOf } from '../database/error-codes.ts'
import { isConnectionLost } from '../database/lost-connection.ts'
import { isTlsFault, troubleOf } from '../database/trouble.ts'

/** Why the server or an operator's command did not work: a stable code for programs, and words for people. */
export interface StartFailure {
  readonly code: 'CONFIG_INVALID' | 'DATABASE' | 'SYSTEM' | 'REFUSED'
  /** Never holds a password. */
  readonly message: string
}

/** `REFUSED` has the error's own words: those of this program. */
export function failureOf(error: unknown): StartFailure {
  if (error instanceof InvalidConfig) {
    const { problems } = error
    const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`
    const lines = [`Its configuration has ${count}:`, ...problems.map((line) => `  ${line}`)]
    return { code: 'CONFIG_INVALID', message: lines.join('\n') }
  }
  if (error instanceof InvalidAddress) {
    return { code: 'CONFIG_INVALID', message: `DATABASE_URL or DATABASE_LISTEN_URL ${error.message}` }
  }
  if (!(error instanceof Error)) return { code: 'REFUSED', message: String(error) }
  const database = explainDatabase(error)
  if (database !== null) return { code: 'DATABASE', message: database }
  const system = explainSystem(error)
  return system === null ? { code: 'REFUSED', message: error.message } : { code: 'SYSTEM', message: system }
}

/** Why the server did not start, in words for whoever started it, and never with a password. */
export function explainStartFailure(error: unknown): string {
  return failureOf(error).message
}

/** PostgreSQL's own message and its SQLSTATE, after what can be done about it; null for errors of other origin. */
function explainDatabase(error: Error): string | null {
  const fault = findFault(error)
  if (fault !== null) {
    const { code, message } = fault
    const advice = meanings.get(code) ?? (troubleOf(fault) === null ? null : 'The database cannot serve now.')
    return `${advice === null ? '' : `${advice} `}PostgreSQL says: ${message} (SQLSTATE ${code})`
  }
  if (isTlsFault(error)) {
    return `The database's certificate is not accepted: name its root as sslrootcert in DATABASE_URL. ${messageOf(error)}${codeBehind(error)}`
  }
  if (!isConnectionLost(error) || isOfListening(error)) return null
  return `The database cannot be reached: look at DATABASE_URL and DATABASE_LISTEN_URL. ${messageOf(error)}${codeBehind(error)}`
}

/** The innermost error with an SQLSTATE: those around it may quote a statement. */
function findFault(error: Error): { readonly code: string; readonly message: string } | null {
  const inner = error.cause instanceof Error ? findFault(error.cause) : null
  if (inner !== null) return inner
  return 'severity' in error && 'code' in error && typeof error.code === 'string'
    ? Object.assign(new Error(error.message), { code: error.code })
    : null
}

/** Puts a refusal of the system into words, by what was asked for: a port, or a path. */
function explainSystem(error: Error): string | null {
  const [code] = codesOf(error)
  // Words of our own around it say more.
  if (!('code' in error) || code === undefined) return null
  if (isOfListening(error))
    return `${listening.get(code) ?? `The server cannot listen. ${error.message}`} (${code})`
  if ('path' in error && typeof error.path === 'string') {
    return `${error.path} cannot be used: ${fileMeanings.get(code) ?? error.message} (${code})`
  }
  return `${messageOf(error)}${codeBehind(error)}`
}

function isOfListening(error: Error): boolean {
  return 'syscall' in error && (error.syscall === 'listen' || error.syscall === 'bind')
}

const listening = new Map(
  Object.entries({
    EADDRINUSE: 'The port is taken by another program: set PORT to another one.',
    EACCES: 'This user may not listen on the port: set PORT to one above 1023.',
    EADDRNOTAVAIL: 'This machine has no such address: look at HOST.',
    EAFNOSUPPORT: 'This machine has no addresses of that kind: look at HOST.',
    EINVAL: 'That is no address to listen on: look at HOST.',
  }),
)

const fileMeanings = new Map(
  Object.entries({
    EACCES: 'this user may not use it. Look at DATA_DIR, and who owns it.',
    EPERM: 'the system does not allow it. Look at DATA_DIR, and who owns it.',
    EROFS: 'its file system is read-only. Set DATA_DIR to a directory that can be written.',
    ENOSPC: 'its disk is full.',
    EDQUOT: 'the quota of this user is used up.',
    ENOENT: 'it does not exist.',
    ENOTDIR: 'a part of it is no directory.',
    EISDIR: 'it is a directory.',
    ELOOP: 'its links lead in a circle.',
  }),
)

const meanings = new Map(
  Object.entries({
    '28P01': 'The database refuses the user or password of DATABASE_URL.',
    '28000': 'The database refuses the user of DATABASE_URL.',
    '3D000': 'The database server has no database of the name in DATABASE_URL.',
    '42501':
      'The user of DATABASE_URL may not do what migrations need: it must own the database or its schema.',
    '42704': 'DATABASE_URL has a parameter that is none of libpq, and no setting of PostgreSQL: remove it.',
    '08P01': 'What DATABASE_URL leads through refused the connection.',
  }),
)

/** The message of the innermost error: others may quote a statement. */
function messageOf(error: Error): string {
  // Several addresses were tried, and each failed.
  if (error instanceof AggregateError) {
    return error.errors.map((each) => (each instanceof Error ? messageOf(each) : '')).join('; ')
  }
  return error.cause instanceof Error ? messageOf(error.cause) : error.message
}

function codeBehind(error: Error): string {
  const [code] = codesOf(error)
  return code === undefined || messageOf(error).includes(code) ? '' : ` (${code})`
}
