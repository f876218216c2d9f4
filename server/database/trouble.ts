import { codesOf } from './error-codes.ts'
import { isConnectionLost, isOfOtherNode } from './lost-connection.ts'

/** Why the database cannot do its work at present. It is neither the statement's fault nor the client's. */
export interface DatabaseTrouble {
  /** In words, e.g. `the database is read-only`. */
  readonly reason: string
  /** PostgreSQL's code (SQLSTATE), or the system's; null when there was no answer. */
  readonly code: string | null
  /** How soon another attempt may succeed. */
  readonly retryAfterSeconds: number
  /** Whether another server may be the primary by now, which only a new connection finds. */
  readonly asksForNewConnections: boolean
  /** Whether a probe may succeed all the same: it needs less room, or has a connection that leads elsewhere. */
  readonly escapesProbes: boolean
}

/** Tells trouble of the database from faults of a statement; null when the error is none. */
export function troubleOf(error: unknown): DatabaseTrouble | null {
  for (const code of codesOf(error)) {
    const found = troubles.get(code) ?? classes.get(sqlClassOf(code))
    if (found !== undefined) return troubleWith(code, found)
  }
  const [code = null] = codesOf(error)
  if (isConnectionLost(error)) return troubleWith(code, unreachable)
  if (isOfOtherNode(error)) return troubleWith(code, nodeUnreachable)
  return isTlsFault(error) ? troubleWith(code, unreachable) : null
}

/** Whether an error is trouble of the database, and no fault of the program. */
export function isTrouble(error: unknown): boolean {
  return troubleOf(error) !== null
}

/** Whether no connection was made because of a certificate, or because TLS was not agreed on. */
export function isTlsFault(error: unknown): boolean {
  const [code = ''] = codesOf(error)
  return tlsCode.test(code)
}

/** As one sentence without its end: the reason, and the code where there is one. */
export function describeTrouble({ reason, code }: DatabaseTrouble): string {
  return code === null ? reason : `${reason} (${code})`
}

/** The database is read-only: it is a standby, or has become one. */
export class ReadOnlyDatabase extends Error {
  override readonly name = 'ReadOnlyDatabase'
  /** read_only_sql_transaction */
  readonly code = '25006'

  constructor(options?: ErrorOptions) {
    super('The database is read-only.', options)
  }
}

type Kind = readonly [reason: string, retryAfterSeconds: number]

const unreachable: Kind = ['the database cannot be reached', 2]
const nodeUnreachable: Kind = ['a part of the database cannot be reached', 5]
const loginRefused: Kind = ['the database refuses the login', 10]

/** SQLSTATE (PostgreSQL's documentation, appendix A), and codes of the system while a connection is made. */
const troubles: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ['25006', ['the database is read-only', 5]],
  ['53100', ['the disk of the database is full', 10]],
  ['53200', ['the database is out of memory', 5]],
  ['53300', ['the database has no connection left', 2]],
  ['58030', ['the database cannot read or write its files', 10]],
  ['3D000', ['the database does not exist any more', 10]],
  ['57P04', ['the database does not exist any more', 10]],
  ['42501', ['the role may not do what the key server needs', 10]],
  // A Unix socket that is gone, and a system without descriptors, addresses or buffers left.
  ...['EMFILE', 'ENFILE', 'ENOBUFS', 'EADDRNOTAVAIL', 'EHOSTDOWN', 'ENOENT', 'EAI_FAIL', 'EAI_NODATA'].map(
    (code) => [code, unreachable] as const,
  ),
])

const classes: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  // invalid_authorization_specification: the password was changed, or the role locked.
  ['28', loginRefused],
  // insufficient_resources
  ['53', ['the database lacks resources', 5]],
  // system_error
  ['58', ['the database has a fault of its system', 10]],
])

/** Codes of OpenSSL and of Node.js for a certificate that is refused. */
const tlsCode = /^(ERR_SSL_|ERR_TLS_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_)/

function sqlClassOf(code: string): string {
  return /^[0-9A-Z]{5}$/.test(code) ? code.slice(0, 2) : ''
}

function troubleWith(code: string | null, [reason, retryAfterSeconds]: Kind): DatabaseTrouble {
  const isReadOnly = code === '25006'
  const isOfResources = code !== null && /^5[38]/.test(code) && code !== '53300'
  return {
    reason,
    code,
    retryAfterSeconds,
    asksForNewConnections: isReadOnly,
    escapesProbes: isReadOnly || isOfResources,
  }
}
