import { z } from 'zod'
import { parseAddress } from './database/address.ts'
import { InvalidAddress } from './database/invalid-address.ts'
import { consoleModes, type ConsoleMode } from './key-server-options.ts'
import { isServerKeySecret, serverKeySecretRule } from './server-keys/sealing-secret.ts'
import { logLevels } from './lib/log.ts'

/** What the operator can set. server/README.md has the table. */
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
  /**
   * Seals the private keys that sign answers, which the database holds. The same for every server on the database. Null:
   * a file in `dataDirectory`.
   */
  readonly serverKeySecret: string | null
  /** Null: the user's own data directory. */
  readonly dataDirectory: string | null
  readonly allowedOrigins: readonly string[]
  /** How long alerts are kept. */
  readonly alertRetentionDays: number
  /** The audit log has the addresses of clients. */
  readonly auditAddresses: boolean
  /** Webhooks may be http, and lead to addresses of the operator's own network. */
  readonly allowsPrivateWebhooks: boolean
  /**
   * Application servers may prove their keys over http, and at addresses of the operator's own network. Without a
   * setting only in development on one machine, where whoever registers could connect there anyway.
   */
  readonly allowsPrivateApplicationServers: boolean
  readonly logLevel: (typeof logLevels)[number]
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
 * Reads the configuration from environment variables, and from `options` by the same names, which win over them.
 *
 * @throws {InvalidConfig} with all that is wrong at once
 */
export function readConfig(
  environment: NodeJS.ProcessEnv = process.env,
  options: Readonly<Record<string, string>> = {},
): Config {
  const set = Object.fromEntries(
    Object.entries({ ...environment, ...options }).filter(([, value]) => value !== ''),
  )
  const parsed = variables.safeParse(set)
  if (!parsed.success) {
    throw new InvalidConfig(parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`))
  }
  const { data } = parsed
  const whenSilent = data.NODE_ENV !== 'production' && isForThisMachine(data) ? 'on' : 'off'
  return {
    host: data.HOST,
    port: data.PORT,
    publicOrigins: data.PUBLIC_URL,
    databaseUrl: data.DATABASE_URL,
    databaseListenUrl: data.DATABASE_LISTEN_URL,
    databasePoolSize: data.DATABASE_POOL_SIZE,
    serverKeySecret: data.SERVER_KEY_SECRET,
    dataDirectory: data.DATA_DIR,
    allowedOrigins: data.ALLOWED_ORIGINS,
    alertRetentionDays: data.ALERT_RETENTION_DAYS,
    auditAddresses: data.AUDIT_ADDRESSES === 'on',
    allowsPrivateWebhooks: data.ALLOW_PRIVATE_WEBHOOKS === 'on',
    allowsPrivateApplicationServers: (data.ALLOW_PRIVATE_APPLICATION_SERVERS ?? whenSilent) === 'on',
    logLevel: data.LOG_LEVEL,
    isDevelopment: data.NODE_ENV !== 'production',
    console: data.CONSOLE ?? (isForThisMachine(data) ? 'full' : 'viewer'),
    shutdownDelaySeconds: data.SHUTDOWN_DELAY_SECONDS ?? (data.NODE_ENV === 'production' ? 5 : 0),
  }
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
  return hosts.every((host) => /^(localhost|127\.\d+\.\d+\.\d+|::1|\[::1\])$/.test(host))
}

function wholeNumber({ min, max }: { min: number; max: number }) {
  const error = `must be a whole number from ${String(min)} to ${String(max)}`
  return z
    .string()
    .regex(/^\d{1,9}$/, { error })
    .transform(Number)
    .refine((value) => value >= min && value <= max, { error })
}

const postgresUrl = z.string().superRefine((value, context) => {
  try {
    parseAddress(value)
  } catch (error) {
    context.addIssue({
      code: 'custom',
      message: error instanceof InvalidAddress ? error.message : 'cannot be read',
    })
  }
})

/** Origins with commas between them: scheme, host and port, and nothing behind. */
const origins = z
  .string()
  .transform((value) => value.split(',').map((origin) => origin.trim()))
  .refine((list) => list.every(isOrigin), {
    error: 'must be origins like https://keys.example, with commas between and no path',
  })

function isOrigin(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && new URL(text).origin === text
}

const variables = z.object({
  HOST: z.string().default('127.0.0.1'),
  PORT: wholeNumber({ min: 0, max: 65_535 }).default(4000),
  PUBLIC_URL: origins.nullable().default(null),
  DATABASE_URL: postgresUrl.nullable().default(null),
  DATABASE_LISTEN_URL: postgresUrl.nullable().default(null),
  DATABASE_POOL_SIZE: wholeNumber({ min: 1, max: 500 }).default(10),
  SERVER_KEY_SECRET: z
    .string()
    .refine(isServerKeySecret, { error: serverKeySecretRule })
    .nullable()
    .default(null),
  DATA_DIR: z.string().nullable().default(null),
  ALLOWED_ORIGINS: z
    .union([z.literal('*').transform(() => ['*']), origins], {
      error: 'must be * or origins like https://app.example, with commas between and no path',
    })
    .default([]),
  // Longer than a webhook is tried.
  ALERT_RETENTION_DAYS: wholeNumber({ min: 7, max: 36_500 }).default(365),
  AUDIT_ADDRESSES: z.enum(['on', 'off'], { error: 'must be on or off' }).default('off'),
  ALLOW_PRIVATE_WEBHOOKS: z.enum(['on', 'off'], { error: 'must be on or off' }).default('off'),
  ALLOW_PRIVATE_APPLICATION_SERVERS: z
    .enum(['on', 'off'], { error: 'must be on or off' })
    .nullable()
    .default(null),
  CONSOLE: z
    .enum(consoleModes, { error: `must be one of ${consoleModes.join(', ')}` })
    .nullable()
    .default(null),
  LOG_LEVEL: z.enum(logLevels, { error: `must be one of ${logLevels.join(', ')}` }).default('info'),
  SHUTDOWN_DELAY_SECONDS: wholeNumber({ min: 0, max: 600 }).nullable().default(null),
  NODE_ENV: z
    .enum(['development', 'production', 'test'], { error: 'must be development, production or test' })
    .default('development'),
})

/** The names of all environment variables that the server reads. */
export const configVariables: readonly string[] = Object.keys(variables.shape)
