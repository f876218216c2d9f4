/** `@claviger/server`: the key server to embed in a program of your own. */
export {
  createKeyServer,
  startKeyServer,
  type KeyServer,
  type Listening,
  type RunningKeyServer,
} from './app.ts'
export type { MailSettings } from './channels/mail-settings.ts'
export type { DatabaseOptions } from './database/open-database.ts'
export type { ConsoleMode, KeyServerOptions, ListenOptions } from './key-server-options.ts'
export { createLogger, logLevels, type Logger, type LogLevel } from './lib/log.ts'
export { samplerNames, type SamplerName, type TraceSettings } from './observation/trace-settings.ts'
export { rateLimitNames, type RateLimitName, type RateLimitSettings } from './rate-limits/rate-limit-names.ts'
export type { RateLimit } from './rate-limits/rate-limiter.ts'
export type { Quotas } from './quotas/quotas.ts'
export { registrations, type Registration } from '../schema/wire/enums.ts'
export { quotaNames, type QuotaName } from '../schema/wire/errors.ts'
