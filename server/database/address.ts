import { readTls, type DatabaseTls } from './address-tls.ts'
import { InvalidAddress } from './invalid-address.ts'
import { quoteName } from './quote-name.ts'

/** Where PostgreSQL is and how to log in, as a connection string says it (PostgreSQL's documentation, "Connection URIs"). */
export interface DatabaseAddress {
  /** One or more, in the order in which they are tried. */
  readonly hosts: readonly DatabaseHost[]
  /** Undefined where the system decides. */
  readonly user: string | undefined
  readonly password: string | undefined
  readonly database: string | undefined
  readonly tls: DatabaseTls
  /** Which of several hosts will do: whichever answers, or the one that can be written. */
  readonly target: 'any' | 'primary'
  /** Whether nothing but a login by SCRAM-SHA-256 is taken. */
  readonly requiresScram: boolean
  readonly connectTimeoutSeconds: number | undefined
  /** Settings for PostgreSQL itself. */
  readonly settings: Readonly<Record<string, string>>
}

export interface DatabaseHost {
  /** A name, an address without brackets, or the absolute path of the directory of a Unix socket. */
  readonly host: string
  readonly port: number
}

/**
 * Reads a connection string.
 *
 * @throws {InvalidAddress} in words, without a value; also where a certificate cannot be read
 */
export function parseAddress(text: string): DatabaseAddress {
  const known = parsed.get(text)
  if (known !== undefined) return known
  const address = read(text)
  // A process has few of them. Read once, they do not change while it runs.
  if (parsed.size >= parsedMax) parsed.clear()
  parsed.set(text, address)
  return address
}

/** Where PostgreSQL listens in the directory of a Unix socket. */
export function socketPath({ host, port }: DatabaseHost): string {
  return `${host}/.s.PGSQL.${String(port)}`
}

/** The same address with one other host in the place of its own. */
export function atHost(text: string, { host, port }: DatabaseHost): string {
  const { userinfo, database, parameters } = takeApart(text)
  const own = new URLSearchParams(parameters)
  for (const name of ['host', 'port', 'target_session_attrs']) own.delete(name)
  const query = own.size === 0 ? '' : `?${own.toString()}`
  const login = userinfo === '' ? '' : `${userinfo}@`
  return `postgres://${login}${host.includes(':') ? `[${host}]` : host}:${String(port)}/${database}${query}`
}

/** For people: host, port and database, without user and password. */
export function describeAddress(text: string): string {
  const { hosts, database = '' } = parseAddress(text)
  return `${hosts.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${String(port)}`).join(',')}/${database}`
}

/** The password as it stands in the address, percent-encoded; empty when there is none. */
export function writtenPassword(text: string): string {
  const { userinfo, parameters } = takeApart(text)
  const colon = userinfo.indexOf(':')
  const own = parameters.get('password')
  const password = colon >= 0 ? userinfo.slice(colon + 1) : encodeURIComponent(own ?? '')
  return new URL(`postgres://:${password}@localhost`).password
}

const parsed = new Map<string, DatabaseAddress>()
const parsedMax = 100

/** Scheme, user and password up to the last @, hosts, database and parameters. */
const form = /^postgres(?:ql)?:\/\/(?:([^/?#]*)@)?([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/

function takeApart(text: string) {
  const [matched, userinfo = '', hosts = '', database = '', query = ''] = form.exec(text) ?? []
  if (matched === undefined) {
    throw new InvalidAddress(
      'must be a URL that begins with postgres:// and has @ / ? # in its user and password percent-encoded',
    )
  }
  return { userinfo, hosts, database, parameters: new URLSearchParams(query) }
}

function read(text: string): DatabaseAddress {
  const { userinfo, hosts, database, parameters } = takeApart(text)
  const [user = '', ...password] = userinfo.split(':')
  const taken = new Map(parameters)
  const take = (name: string) => {
    const value = taken.get(name)
    taken.delete(name)
    return value === '' ? undefined : value
  }
  const listed = readHosts({ hosts, host: take('host'), port: take('port') })
  const address = {
    hosts: listed,
    user: nonEmpty(decode(user)) ?? take('user'),
    password: nonEmpty(decode(password.join(':'))) ?? take('password'),
    database: nonEmpty(decode(database)) ?? take('dbname'),
    tls: readTls(take),
    target: readTarget(take('target_session_attrs')),
    requiresScram: readRequiredLogin(take('require_auth')),
    connectTimeoutSeconds: readSeconds(take('connect_timeout')),
  }
  refuseUnsupported(take)
  if (address.requiresScram && (address.tls !== false || listed.length > 1)) {
    throw new InvalidAddress('require_auth goes with one host and without TLS only: remove it')
  }
  // A Unix socket needs no TLS, and has none.
  const isLocal = listed.every(({ host }) => host.startsWith('/'))
  return { ...address, tls: isLocal ? false : address.tls, settings: settingsOf(taken) }
}

/** Prisma and JDBC have their own names for the schema. */
function settingsOf(remaining: ReadonlyMap<string, string>): Record<string, string> {
  const { schema, currentSchema = schema, ...settings } = Object.fromEntries(remaining)
  return currentSchema === undefined ? settings : { search_path: quoteName(currentSchema), ...settings }
}

function readHosts({
  hosts,
  host,
  port,
}: {
  hosts: string
  host: string | undefined
  port: string | undefined
}) {
  const ports = (port ?? '5432').split(',')
  if (host !== undefined && hosts === '') {
    return host
      .split(',')
      .map((name, index) => ({ host: nameOf(name), port: portOf(ports[index] ?? ports[0] ?? '') }))
  }
  if (host !== undefined) throw new InvalidAddress('names its host twice')
  return hosts.split(',').map((place) => {
    const [matched, name = '', own] = /^(\[[^\]]*\]|[^:]*)(?::(\d*))?$/.exec(place) ?? []
    if (matched === undefined) {
      throw new InvalidAddress(
        'has a host that cannot be read: IPv6 addresses stand in [ ], and a port is a number',
      )
    }
    return { host: nameOf(decode(name)), port: portOf(nonEmpty(own ?? '') ?? ports[0] ?? '') }
  })
}

function nameOf(text: string): string {
  return text.replace(/^\[(.*)\]$/, '$1') || 'localhost'
}

function portOf(text: string): number {
  const port = Number(text)
  if (!/^\d{1,5}$/.test(text) || port < 1 || port > 65_535) {
    throw new InvalidAddress('has a port that is no number from 1 to 65535')
  }
  return port
}

function readTarget(value: string | undefined): DatabaseAddress['target'] {
  if (value === undefined || value === 'any') return 'any'
  if (value === 'read-write' || value === 'primary') return 'primary'
  throw new InvalidAddress(
    'has a target_session_attrs other than read-write, primary and any: the key server writes',
  )
}

function readRequiredLogin(value: string | undefined): boolean {
  if (value !== undefined && value !== 'scram-sha-256') {
    throw new InvalidAddress('has a require_auth other than scram-sha-256')
  }
  return value !== undefined
}

function readSeconds(value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  if (!/^\d{1,2}$/.test(value) || value === '0') {
    throw new InvalidAddress('has a connect_timeout that is no whole number of seconds from 1 to 99')
  }
  return Number(value)
}

type Take = (name: string) => string | undefined

/** Parameters of libpq (PostgreSQL's documentation, "Parameter Key Words"). Any other parameter is a setting of the server. */
function refuseUnsupported(take: Take): void {
  for (const name of withoutEffect) take(name)
  for (const [name, harmless] of Object.entries(supportedValues)) {
    const value = take(name)
    if (value === undefined || harmless.includes(value)) continue
    const hint = name === 'channel_binding' ? ', and sslmode=verify-full checks who answers' : ''
    throw new InvalidAddress(
      `asks for ${name}, which is supported with no other value than ${harmless.join(', ')}${hint}`,
    )
  }
  for (const name of unsupported) {
    if (take(name) !== undefined)
      throw new InvalidAddress(`asks for ${name}, which is not supported: remove it`)
  }
}

/** Parameters of other clients (Prisma, JDBC, asyncpg, node-postgres, Supabase), for what this client does in its own way. */
const withoutEffect = [
  ...['keepalives', 'keepalives_idle', 'keepalives_interval', 'keepalives_count', 'tcp_user_timeout'],
  ...['fallback_application_name', 'client_encoding', 'krbsrvname', 'gsslib', 'uselibpqcompat', 'sslsni'],
  ...['pgbouncer', 'connection_limit', 'pool_timeout', 'socket_timeout', 'max_idle_connection_lifetime'],
  ...['statement_cache_size', 'prepared_statement_cache_size', 'prepareThreshold', 'supa', 'workaround'],
]

const supportedValues: Readonly<Record<string, readonly string[]>> = {
  channel_binding: ['prefer', 'disable'],
  gssencmode: ['prefer', 'disable'],
  sslcompression: ['0'],
  load_balance_hosts: ['disable'],
  sslcertmode: ['allow'],
}

const unsupported = [
  ...['hostaddr', 'service', 'servicefile', 'passfile', 'replication', 'requirepeer', 'requiressl', 'sslcrl'],
  ...[
    'sslaccept',
    'sslidentity',
    'sslfactory',
    'sslcrldir',
    'sslpassword',
    'ssl_min_protocol_version',
    'ssl_max_protocol_version',
    'gssdelegation',
  ],
]

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new InvalidAddress('has a % that no two hexadecimal digits follow: write it as %25')
  }
}

function nonEmpty(text: string): string | undefined {
  return text === '' ? undefined : text
}
