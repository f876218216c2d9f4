import { z } from 'zod'
import {
  rateLimitNames,
  type RateLimitName,
  type RateLimitSettings,
} from '../rate-limits/rate-limit-names.ts'
import type { RateLimit } from '../rate-limits/rate-limiter.ts'

/** `on`, `off`, or limits like `openings=100/3600,pairings=off`: so many at once, refilled within so many seconds. */
export const rateLimits = z.string().transform((value, context): RateLimitSettings => {
  if (value === 'on') return {}
  if (value === 'off') return 'off'
  const settings: Partial<Record<RateLimitName, RateLimit | null>> = {}
  for (const setting of value.split(',')) {
    const {
      name: asked,
      count,
      seconds,
    } = /^\s*(?<name>[a-z-]+)=(?:off|(?<count>[1-9]\d{0,9})\/(?<seconds>[1-9]\d{0,5}))\s*$/.exec(setting)
      ?.groups ?? {}
    const name = rateLimitNames.find((known) => known === asked)
    if (name === undefined) {
      context.addIssue({
        code: 'custom',
        message: `must be on, off, or limits like openings=60/3600 of ${rateLimitNames.join(', ')}, with commas between`,
      })
      return z.NEVER
    }
    settings[name] = count === undefined ? null : { count: Number(count), seconds: Number(seconds) }
  }
  return settings
})
