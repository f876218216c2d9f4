import { z } from 'zod'
import { consoleModes } from '../key-server-options.ts'
import { logLevels } from '../lib/log.ts'
import { isServerKeySecret, serverKeySecretRule } from '../server-keys/sealing-secret.ts'
import { registrations } from '../../schema/wire/enums.ts'
import { defaultQuotas } from '../quotas/quotas.ts'
import { rateLimits } from './rate-limits.ts'
import { helps, type SettingHelp } from './setting-help.ts'
import { traceRows } from './trace-settings.ts'
import {
  mailSender,
  onOrOff,
  oneOf,
  origins,
  postgresUrl,
  proxies,
  smtpUrl,
  wholeNumber,
  workerCount,
} from './parsers.ts'

/** Every setting, by the name of its environment variable, in the order of the help. A setting is one row. */
export const settings = z.object({
  PORT: wholeNumber({ min: 0, max: 65_535 }).default(4000).register(helps, {
    value: 'PORT',
    help: 'the port to listen on; 0 for any free one',
    otherwise: '4000',
  }),
  HOST: z.string().default('127.0.0.1').register(helps, {
    value: 'ADDRESS',
    help: 'the address to listen on; 0.0.0.0 for all',
    otherwise: '127.0.0.1',
  }),
  PUBLIC_URL: origins.nullable().default(null).register(helps, {
    value: 'ORIGINS',
    help: 'the origins that clients know the server by, which signatures are checked against',
    otherwise: 'loopback at PORT',
  }),
  DATA_DIR: z.string().nullable().default(null).register(helps, {
    value: 'DIRECTORY',
    help: 'where the embedded PostgreSQL keeps its data',
    otherwise: "the user's own data directory",
  }),
  DATABASE_URL: postgresUrl.nullable().default(null).register(helps, {
    value: 'URL',
    help: 'an external PostgreSQL, 15 to 18',
    otherwise: 'an embedded one',
    isSecret: true,
  }),
  DATABASE_LISTEN_URL: postgresUrl.nullable().default(null).register(helps, {
    value: 'URL',
    help: 'a direct connection to it for LISTEN and migrations, where DATABASE_URL leads through a pooler',
    otherwise: 'DATABASE_URL',
    isSecret: true,
  }),
  DATABASE_POOL_SIZE: wholeNumber({ min: 1, max: 500 }).default(10).register(helps, {
    value: 'COUNT',
    help: 'connections for writing, shared out among WORKERS',
    otherwise: '10',
  }),
  WORKERS: workerCount.default(1).register(helps, {
    value: 'COUNT|auto',
    help: 'processes that share the port; auto for one each processor, 16 at most',
    otherwise: '1',
  }),
  SERVER_KEY_SECRET: z
    .string()
    .refine(isServerKeySecret, { error: serverKeySecretRule })
    .nullable()
    .default(null)
    .register(helps, {
      value: 'SECRET',
      help: 'seals the keys that sign verification answers; the same for every server on a database',
      otherwise: "derived from the database's password",
      isSecret: true,
    }),
  ALLOWED_ORIGINS: z
    .union([z.literal('*').transform(() => ['*']), origins], {
      error: 'must be * or origins like https://app.example, with commas between and no path',
    })
    .default([])
    .register(helps, {
      value: 'ORIGINS',
      help: 'web origins besides its own that may call from a browser; * for all',
      otherwise: 'none',
    }),
  TRUSTED_PROXIES: proxies.default([]).register(helps, {
    value: 'NETWORKS',
    help: 'addresses and networks of proxies whose X-Forwarded-For or Forwarded names the client',
    otherwise: 'none',
  }),
  REGISTRATION: oneOf(['open', 'invite', 'closed'])
    .default('open')
    .transform((value) => registrations.find((name) => name.toLowerCase() === value) ?? 'CLOSED')
    .register(helps, {
      value: 'open|invite|closed',
      help: 'who may open an account: anybody, whoever has an invitation, or nobody',
      otherwise: 'open',
    }),
  QUOTA_TRANSACTION_KEYS: wholeNumber({ min: 0, max: 999_999_999 })
    .default(defaultQuotas.transactionKeys)
    .register(helps, {
      value: 'COUNT',
      help: 'transaction keys of an account that are not revoked',
      otherwise: String(defaultQuotas.transactionKeys),
    }),
  QUOTA_MANAGEMENT_KEYS: wholeNumber({ min: 1, max: 1_000 })
    .default(defaultQuotas.managementKeys)
    .register(helps, {
      value: 'COUNT',
      help: 'active management keys of an account',
      otherwise: String(defaultQuotas.managementKeys),
    }),
  QUOTA_WEBHOOKS: wholeNumber({ min: 0, max: 100 })
    .default(defaultQuotas.webhooks)
    .register(helps, {
      value: 'COUNT',
      help: 'webhooks of an account',
      otherwise: String(defaultQuotas.webhooks),
    }),
  QUOTA_STORED_BYTES: wholeNumber({ min: 0, max: 999_999_999 })
    .default(defaultQuotas.storedBytes)
    .register(helps, {
      value: 'BYTES',
      help: 'wrapped keys and signed statements of an account',
      otherwise: String(defaultQuotas.storedBytes),
    }),
  RATE_LIMIT: rateLimits.default({}).register(helps, {
    value: 'on|off|LIMITS',
    help: 'how much one client may do; limits like openings=60/3600 change the defaults',
    otherwise: 'on',
  }),
  // Longer than a webhook is tried.
  ALERT_RETENTION_DAYS: wholeNumber({ min: 7, max: 36_500 }).default(365).register(helps, {
    value: 'DAYS',
    help: 'how long alerts are kept',
    otherwise: '365',
  }),
  AUDIT_RETENTION_DAYS: wholeNumber({ min: 7, max: 36_500 }).default(365).register(helps, {
    value: 'DAYS',
    help: 'how long entries of the audit log are kept',
    otherwise: '365',
  }),
  AUDIT_ADDRESSES: onOrOff.default(false).register(helps, {
    value: 'on|off',
    help: "the client's address is recorded in each entry of the audit log",
    otherwise: 'off',
  }),
  ALLOW_PRIVATE_WEBHOOKS: onOrOff.default(false).register(helps, {
    value: 'on|off',
    help: "webhooks may be http, and lead to addresses of the operator's own network",
    otherwise: 'off',
  }),
  ALLOW_PRIVATE_APPLICATION_SERVERS: onOrOff.nullable().default(null).register(helps, {
    value: 'on|off',
    help: "application servers may prove their keys over http, and at addresses of the operator's own network",
    otherwise: 'on in development on one machine, else off',
  }),
  SMTP_URL: smtpUrl.nullable().default(null).register(helps, {
    value: 'URL',
    help: 'the mail server for e-mail channels, e.g. smtps://user:password@mail.example',
    otherwise: 'none: no mail is sent',
    isSecret: true,
  }),
  SMTP_FROM: mailSender.nullable().default(null).register(helps, {
    value: 'ADDRESS',
    help: 'the sender of mails; set with SMTP_URL',
    otherwise: 'none',
  }),
  SHUTDOWN_DELAY_SECONDS: wholeNumber({ min: 0, max: 600 }).nullable().default(null).register(helps, {
    value: 'SECONDS',
    help: 'how long it goes on serving once it is to stop, while /readyz answers 503',
    otherwise: '0, in production 5',
  }),
  NODE_ENV: z
    .enum(['development', 'production', 'test'], { error: 'must be development, production or test' })
    .default('development')
    .register(helps, {
      value: 'NAME',
      help: 'development, production or test; production refuses dangerous settings',
      otherwise: 'development',
    }),
  CONSOLE: oneOf(consoleModes)
    .nullable()
    .default(null)
    .register(helps, {
      value: consoleModes.join('|'),
      help: 'what the console at / may do',
      otherwise: 'full on loopback, else viewer',
    }),
  METRICS_PORT: wholeNumber({ min: 1, max: 65_535 }).nullable().default(null).register(helps, {
    value: 'PORT',
    help: "the port that serves Prometheus's metrics at /metrics",
    otherwise: 'none',
  }),
  METRICS_HOST: z.string().default('127.0.0.1').register(helps, {
    value: 'ADDRESS',
    help: 'the address that the metrics listen on',
    otherwise: '127.0.0.1',
  }),
  LOG_LEVEL: oneOf(logLevels)
    .default('info')
    .register(helps, {
      value: 'LEVEL',
      help: `the least severe level that is logged: ${logLevels.join(', ')}`,
      otherwise: 'info',
    }),
  ...traceRows,
})

/** The names of all settings with their help. */
export const settingRows: readonly (readonly [name: string, help: SettingHelp])[] = Object.entries(
  settings.shape,
).flatMap(([name, schema]) => {
  const help = helps.get(schema)
  return help === undefined ? [] : [[name, help] as const]
})

/** The settings that can also be read from files: `NAME_FILE` names the file. */
export const secretNames: readonly string[] = settingRows.flatMap(([name, { isSecret }]) =>
  isSecret === true ? [name] : [],
)

/** All environment variables that the server reads: those of the settings, and those that name the files of secrets. */
export const settingVariables: readonly string[] = settingRows.flatMap(([name, { isSecret }]) =>
  isSecret === true ? [name, fileVariable(name)] : [name],
)

/** The variable that names the file of a secret. */
export function fileVariable(name: string): string {
  return `${name}_FILE`
}
