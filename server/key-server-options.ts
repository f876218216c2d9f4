import type { MailSettings } from './channels/mail-settings.ts'
import type { DatabaseOptions } from './database/open-database.ts'
import type { Registration } from '../schema/wire/enums.ts'
import type { Quotas } from './quotas/quotas.ts'
import type { RateLimitSettings } from './rate-limits/rate-limit-names.ts'
import type { TraceSettings } from './observation/trace-settings.ts'
import type { Logger } from './lib/log.ts'

/** Options of {@link createKeyServer}. All have defaults. */
export interface KeyServerOptions extends DatabaseOptions {
  /** A direct connection for LISTEN, where `databaseUrl` goes through a pooler. */
  readonly databaseListenUrl?: string | undefined
  /**
   * Seals the private keys that sign answers, which the database holds: 32 random bytes in base64, the same for every
   * server on the database, and kept apart from it.
   */
  readonly serverKeySecret?: string | undefined
  /** Connections for writing. Default: 10. */
  readonly databasePoolSize?: number | undefined
  /** How long alerts are kept, in days. Default: 365. */
  readonly alertRetentionDays?: number | undefined
  /** How long entries of the audit log are kept, in days. Default: 365. */
  readonly auditRetentionDays?: number | undefined
  /** The audit log has the addresses of clients. Default: false. */
  readonly auditAddresses?: boolean | undefined
  /** Lets webhooks be http, and lead to addresses that only the operator's own network reaches. By default neither. */
  readonly allowsPrivateWebhooks?: boolean | undefined
  /** The mail server for e-mail channels. By default there are none. */
  readonly mail?: MailSettings | undefined
  /** Application servers may prove their keys over http, and at addresses of the operator's own network. */
  readonly allowsPrivateApplicationServers?: boolean | undefined
  /** The origins that clients know this server by. Default, for `listen` alone: those of loopback at its port. */
  readonly publicOrigins?: readonly string[] | undefined
  /** Web origins besides its own that may call from a browser; '*' for all. */
  readonly allowedOrigins?: readonly string[] | undefined
  /**
   * Addresses, and networks like `10.0.0.0/8`, of proxies whose X-Forwarded-For or Forwarded says which client a request is
   * counted for. Default: none, the client is the other end of the connection.
   */
  readonly trustedProxies?: readonly string[] | undefined
  /** How an account is opened. Default: OPEN. */
  readonly registration?: Registration | undefined
  /**
   * How much an account may have, where it differs from the defaults. Accounts of which the operator has said otherwise
   * have that.
   */
  readonly quotas?: Partial<Quotas> | undefined
  /**
   * How much one client may do: `off` for no limits, or those that differ from the defaults. With `isDevelopment` clients at
   * loopback addresses may do more. docs/operations.md has the table.
   */
  readonly rateLimits?: RateLimitSettings | undefined
  /** Allows pages of every loopback origin to call. */
  readonly isDevelopment?: boolean | undefined
  /** Serves the console at `/`: all of it, or for viewing only. Default: off. */
  readonly console?: ConsoleMode | undefined
  /**
   * How long `close` goes on serving before it closes anything, while /readyz answers 503 so that load balancers send new
   * requests elsewhere. Default: 0.
   */
  readonly shutdownDelaySeconds?: number | undefined
  /** Serves Prometheus's metrics at /metrics of a port of its own. Default: not. */
  readonly metricsPort?: number | undefined
  /** Where that port listens. Default: 127.0.0.1. */
  readonly metricsHost?: string | undefined
  /** Sends OpenTelemetry traces to a collector. Default: nothing is traced. */
  readonly traces?: TraceSettings | undefined
  /** Default: nothing is logged. `createLogger` makes the one that the command uses. */
  readonly log?: Logger | undefined
}

/**
 * The mode of the console that this server serves. `full`: everything. `viewer`: read, follow alerts and acknowledge
 * them, because those who run the server could change the page (docs/threat-model.md). `off`: there is none.
 */
export type ConsoleMode = 'full' | 'viewer' | 'off'

/** All of them. */
export const consoleModes = ['full', 'viewer', 'off'] as const satisfies readonly ConsoleMode[]

/** Where to listen. */
export interface ListenOptions {
  /** Default: 127.0.0.1. */
  readonly host?: string | undefined
  /** 0, the default, for any free port. */
  readonly port?: number | undefined
}
