import { availableParallelism } from 'node:os'
import { z } from 'zod'
import { isSender, readSmtpUrl } from '../channels/mail-settings.ts'
import { parseAddress } from '../database/address.ts'
import { InvalidAddress } from '../database/invalid-address.ts'
import { isAddressOrNetwork } from '../http/client-address.ts'

/** Digits that stand for a number within these bounds. */
export function wholeNumber({ min, max }: { readonly min: number; readonly max: number }) {
  const error = `must be a whole number from ${String(min)} to ${String(max)}`
  return z
    .string()
    .regex(/^\d{1,9}$/, { error })
    .transform(Number)
    .refine((value) => value >= min && value <= max, { error })
}

/** As many workers as `auto` stands for at most: beyond it the one database decides how fast all of them are. */
const workersAutoMax = 16

const workersError = 'must be auto or a whole number from 1 to 64'

/** A number of processes, or `auto` for one each processor. */
export const workerCount = z
  .string()
  .regex(/^(?:auto|[1-9]\d?)$/, { error: workersError })
  .transform((text) => (text === 'auto' ? Math.min(availableParallelism(), workersAutoMax) : Number(text)))
  .refine((count) => count <= 64, { error: workersError })

/** One of a few words. */
export function oneOf<const Words extends readonly [string, ...string[]]>(words: Words) {
  return z.enum(words, { error: `must be one of ${words.join(', ')}` })
}

/** `on` or `off`, as a boolean. */
export const onOrOff = z
  .enum(['on', 'off'], { error: 'must be on or off' })
  .transform((word) => word === 'on')

/** The address of a PostgreSQL. Errors name what is wrong without its password. */
export const postgresUrl = z.string().superRefine((value, context) => {
  try {
    parseAddress(value)
  } catch (error) {
    context.addIssue({
      code: 'custom',
      message: error instanceof InvalidAddress ? error.message : 'cannot be read',
    })
  }
})

/** The URL of a mail server. Errors name what is wrong without its password. */
export const smtpUrl = z.string().superRefine((value, context) => {
  try {
    readSmtpUrl(value)
  } catch (error) {
    context.addIssue({
      code: 'custom',
      message: error instanceof TypeError ? error.message : 'cannot be read',
    })
  }
})

/** The sender of mails. */
export const mailSender = z.string().refine(isSender, {
  error: 'must be an address like alerts@keys.example, or a name and an address in <>',
})

/** Origins with commas between them: scheme, host and port, and nothing behind. */
export const origins = z
  .string()
  .transform((value) => value.split(',').map((origin) => origin.trim()))
  .refine((list) => list.every(isOrigin), {
    error: 'must be origins like https://keys.example, with commas between and no path',
  })

function isOrigin(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && new URL(text).origin === text
}

/** Where something is sent by HTTP. */
export const httpUrl = z
  .string()
  .refine((value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol), {
    error: 'must be a URL that begins with http:// or https://',
  })

/** Pairs with commas between them, percent-encoded (W3C Baggage, without properties). */
export const keyValues = z.string().transform((value, context): Record<string, string> => {
  const pairs = value.split(',').map((pair) => /^\s*([^=\s]+?)\s*=(.*)$/.exec(pair) ?? [])
  try {
    return Object.fromEntries(
      pairs.map(([, key = '', text = '']) => [nonEmpty(key), decodeURIComponent(text.trim())]),
    )
  } catch {
    context.addIssue({ code: 'custom', message: 'must be like key=value,key2=value2, percent-encoded' })
    return z.NEVER
  }
})

/** @throws Error */
function nonEmpty(text: string): string {
  if (text === '') throw new TypeError('It is empty.')
  return decodeURIComponent(text)
}

/** Addresses and networks with commas between them. */
export const proxies = z
  .string()
  .transform((value) => value.split(',').map((proxy) => proxy.trim()))
  .refine((list) => list.every(isAddressOrNetwork), {
    error: 'must be addresses and networks like 127.0.0.1,10.0.0.0/8,fd00::/8',
  })
