import type { RateLimit } from './rate-limiter.ts'

/** The names of the counted things. docs/operations.md has the table, with the defaults. */
export const rateLimitNames = [
  /** Signatures that do not verify, by address. */
  'signature-failures',
  /** Attempts to open an account, by address. */
  'openings',
  /** Registrations of application servers, by address. */
  'registrations',
  /** Pairings that are opened, by address. */
  'pairings',
  /** Verified public keys, by address. */
  'verifications',
  /** Presented keys that are not their owner's and that the owner is told of, by the address that asked. */
  'mismatches',
  /** Acquired wrapped keys, by account and by address. */
  'acquisitions',
  /** Bytes of disk that requests fill, as they are counted beforehand. By account and by address. */
  'written-bytes',
  /** Log lines of unsigned requests, by address. Those beyond are summed up, and no request is refused. */
  'log-lines',
] as const

/** One of {@link rateLimitNames}. */
export type RateLimitName = (typeof rateLimitNames)[number]

/** The limits of all names. */
export type RateLimits = Readonly<Record<RateLimitName, RateLimit>>

/**
 * The default limits of one client. Together they let it fill less than 0.1 MB of disk a second, counted from its first
 * request on (test/load/disk.test.ts).
 */
export const defaultRateLimits: RateLimits = {
  'signature-failures': { count: 200, seconds: 200 },
  openings: { count: 300, seconds: 3_600 },
  registrations: { count: 100, seconds: 1_000 },
  pairings: { count: 60, seconds: 600 },
  verifications: { count: 30_000, seconds: 30 },
  mismatches: { count: 600, seconds: 60 },
  acquisitions: { count: 12_000, seconds: 120 },
  'written-bytes': { count: 512 * 1024, seconds: 22 },
  'log-lines': { count: 1_000, seconds: 20 },
}

/**
 * The values of the setting: `off` for no limits, or those that differ from {@link defaultRateLimits}; null for none of
 * a name.
 */
export type RateLimitSettings = 'off' | Partial<Readonly<Record<RateLimitName, RateLimit | null>>>

/** The limits that hold. A name that is missing is not limited. */
export function rateLimitsOf(settings: RateLimitSettings = {}): Partial<RateLimits> {
  if (settings === 'off') return {}
  return Object.fromEntries(
    Object.entries({ ...defaultRateLimits, ...settings }).filter(([, limit]) => limit !== null),
  )
}

/**
 * In development, for clients on the same machine, so that test runs pass. The disk that they fill is bounded as by
 * default.
 */
export const loopbackRateLimits: Omit<RateLimits, 'mismatches' | 'written-bytes' | 'log-lines'> = {
  'signature-failures': { count: 5_000, seconds: 100 },
  openings: { count: 2_000, seconds: 2_000 },
  registrations: { count: 1_000, seconds: 1_000 },
  pairings: { count: 1_000, seconds: 1_000 },
  verifications: { count: 1_000_000, seconds: 100 },
  acquisitions: { count: 200_000, seconds: 400 },
}
