import type { MailSettings } from './channels/mail-settings.ts'
import { isLoopback } from './lib/loopback.ts'
import { findCautions, findDangers } from './settings/dangers.ts'
import { settingRows, settings } from './settings/settings.ts'
import { traceSettingsOf } from './settings/trace-settings.ts'
import { gatherSettings, type Texts } from './settings/sources.ts'
import { describeUnknownVariable, findUnknownVariables } from './settings/unknown-variables.ts'
import type { Registration } from '../schema/wire/enums.ts'
import type { Quotas } from './quotas/quotas.ts'
import type { RateLimitSettings } from './rate-limits/rate-limit-names.ts'
import type { TraceSettings } from './observation/trace-settings.ts'
import type { ConsoleMode } from './key-server-options.ts'
import type { LogLevel } from './lib/log.ts'

/** The operator's configuration. settings/settings.ts and server/README.md have the tables. */
export interface Config {
  readonly host: string
  /** 0 for any free port. */
  readonly port: number
  /** The origins that clients know the server by. Null: those of loopback at the port it listens on. */
  readonly publicOrigins: readonly string[] | null
  /** Null: an embedded PostgreSQL in `dataDirectory`. */
  readonly databaseUrl: string | null
  /** A direct connection for LISTEN; null: `databaseUrl`. */
  readonly databaseListenUrl: string | null
  readonly databasePoolSize: number
  /** Processes that share the port; 1 for this one alone. */
  readonly workers: number
  /**
   * Seals the private keys that sign answers, which the database holds. The same for every server on the database. Null:
   * a file in `dataDirectory`.
   */
  readonly serverKeySecret: string | null
  /** Null: the user's own data directory. */
  readonly dataDirectory: string | null
  readonly allowedOrigins: readonly string[]
  /** Addresses and networks whose X-Forwarded-For and Forwarded name the client. */
  readonly trustedProxies: readonly string[]
  /** How accounts are opened. */
  readonly registration: Registration
  /** How much each account may have. */
  readonly quotas: Quotas
  /** How much one client may do. */
  readonly rateLimits: RateLimitSettings
  /** How long alerts are kept. */
  readonly alertRetentionDays: number
  /** How long entries of the audit log are kept. */
  readonly auditRetentionDays: number
  /** The audit log has the addresses of clients. */
  readonly auditAddresses: boolean
  /** Webhooks may be http, and lead to addresses of the operator's own network. */
  readonly allowsPrivateWebhooks: boolean
  /**
   * Application servers may prove their keys over http, and at addresses of the operator's own network. Without a
   * setting only in development on one machine, where whoever registers could connect there anyway.
   */
  readonly allowsPrivateApplicationServers: boolean
  /** Where metrics are served; null: nowhere. */
  readonly metricsPort: number | null
  readonly metricsHost: string
  /** The mail server for e-mail channels; null: there are none. */
  readonly mail: MailSettings | null
  /** Where traces are sent; null: nothing is traced. */
  readonly traces: TraceSettings | null
  readonly logLevel: LogLevel
  readonly isDevelopment: boolean
  /** Without a setting `full` where only this machine can connect, and `viewer` elsewhere. */
  readonly console: ConsoleMode
  /** How long the server goes on serving once it is to stop, while /readyz answers 503 so that no new requests are sent. */
  readonly shutdownDelaySeconds: number
}

/** Everything that is wrong with a configuration, a line each. Values of secrets are not repeated. */
export class InvalidConfig extends Error {
  override readonly name = 'InvalidConfig'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.problems = problems
  }
}

/**
 * Reads the configuration from environment variables, from the files that `NAME_FILE` names for secrets, and from `flags` by
 * the variables' names, which win.
 *
 * @throws {InvalidConfig} with all that is wrong at once
 */
export function readConfig(environment: Texts = process.env, flags: Texts = {}): Config {
  const { written, problems } = gatherSettings(environment, flags)
  const parsed = settings.safeParse(Object.fromEntries([...written].map(([name, { text }]) => [name, text])))
  const invalid = parsed.error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? []
  if (!parsed.success || problems.length > 0) throw new InvalidConfig([...problems, ...invalid])
  const { data } = parsed
  if ((data.SMTP_URL === null) !== (data.SMTP_FROM === null)) {
    throw new InvalidConfig(['SMTP_URL and SMTP_FROM must be set together'])
  }
  if (data.METRICS_PORT !== null && data.METRICS_PORT !== 0 && data.METRICS_PORT === data.PORT) {
    throw new InvalidConfig(['METRICS_PORT: must be another port than PORT'])
  }
  const whenSilent = data.NODE_ENV !== 'production' && isForThisMachine(data)
  return {
    host: data.HOST,
    port: data.PORT,
    publicOrigins: data.PUBLIC_URL,
    databaseUrl: data.DATABASE_URL,
    databaseListenUrl: data.DATABASE_LISTEN_URL,
    databasePoolSize: data.DATABASE_POOL_SIZE,
    workers: data.WORKERS,
    serverKeySecret: data.SERVER_KEY_SECRET,
    dataDirectory: data.DATA_DIR,
    allowedOrigins: data.ALLOWED_ORIGINS,
    trustedProxies: data.TRUSTED_PROXIES,
    registration: data.REGISTRATION,
    quotas: {
      transactionKeys: data.QUOTA_TRANSACTION_KEYS,
      managementKeys: data.QUOTA_MANAGEMENT_KEYS,
      webhooks: data.QUOTA_WEBHOOKS,
      storedBytes: data.QUOTA_STORED_BYTES,
    },
    rateLimits: data.RATE_LIMIT,
    alertRetentionDays: data.ALERT_RETENTION_DAYS,
    auditRetentionDays: data.AUDIT_RETENTION_DAYS,
    auditAddresses: data.AUDIT_ADDRESSES,
    allowsPrivateWebhooks: data.ALLOW_PRIVATE_WEBHOOKS,
    allowsPrivateApplicationServers: data.ALLOW_PRIVATE_APPLICATION_SERVERS ?? whenSilent,
    metricsPort: data.METRICS_PORT,
    metricsHost: data.METRICS_HOST,
    mail:
      data.SMTP_URL === null || data.SMTP_FROM === null ? null : { url: data.SMTP_URL, from: data.SMTP_FROM },
    traces: traceSettingsOf(data),
    logLevel: data.LOG_LEVEL,
    isDevelopment: data.NODE_ENV !== 'production',
    console: data.CONSOLE ?? (isForThisMachine(data) ? 'full' : 'viewer'),
    shutdownDelaySeconds: data.SHUTDOWN_DELAY_SECONDS ?? (data.NODE_ENV === 'production' ? 5 : 0),
  }
}

/**
 * As {@link readConfig}, for a server that is to listen.
 *
 * @throws {InvalidConfig} also for what is dangerous in production
 */
export function readServerConfig(environment?: Texts, flags?: Texts): Config {
  const config = readConfig(environment, flags)
  const dangers = findDangers(config)
  if (dangers.length > 0) throw new InvalidConfig(dangers)
  return config
}

/** Environment variables that look like settings and are none, and settings that are seldom meant, a sentence each. */
export function findConfigWarnings(environment: Texts = process.env, config?: Config): string[] {
  return [
    ...findUnknownVariables(environment).map(describeUnknownVariable),
    ...(config === undefined ? [] : findCautions(config)),
  ]
}

/** Each setting in words: its value, and where that comes from. Secrets are not shown. */
export function describeConfig(environment: Texts = process.env, flags: Texts = {}): string[] {
  const { written } = gatherSettings(environment, flags)
  return settingRows.map(([name, { otherwise, isSecret = false }]) => {
    const found = written.get(name)
    if (found === undefined) return `${name}: ${otherwise} (default)`
    return `${name}: ${isSecret ? 'a secret' : found.text} (${found.source})`
  })
}

/** Whether nobody but this machine can connect, and nobody is told to. */
function isForThisMachine({
  HOST,
  PUBLIC_URL,
}: {
  HOST: string
  PUBLIC_URL: readonly string[] | null
}): boolean {
  const hosts = [HOST, ...(PUBLIC_URL ?? []).map((origin) => new URL(origin).hostname)]
  return hosts.every(isLoopback)
}
