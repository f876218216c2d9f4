import { isIP } from 'node:net'
import { z } from 'zod'
import { limits } from '../../schema/wire/limits.ts'
import { isPublicAddress } from '../outbound/public-address.ts'

/**
 * Parses the URL of a webhook, and answers its canonical form. The addresses of its name are checked when something is posted.
 *
 * @param options.allowsPrivate also http, and addresses that only the operator's own network reaches
 */
export function webhookUrl({ allowsPrivate }: { readonly allowsPrivate: boolean }): z.ZodType<string> {
  return z
    .string()
    .refine((text) => text.length <= limits.webhookUrlCharactersMax && URL.canParse(text), {
      error: `This must be a URL of at most ${String(limits.webhookUrlCharactersMax)} characters.`,
      abort: true,
    })
    .transform((text) => new URL(text))
    .refine(({ protocol }) => protocol === 'https:' || (allowsPrivate && protocol === 'http:'), {
      error: 'This must be an https URL.',
    })
    .refine(({ username, password, hash }) => username === '' && password === '' && hash === '', {
      error: 'This must have neither credentials nor a fragment.',
    })
    .refine(({ hostname }) => allowsPrivate || !isPrivateLiteral(hostname), {
      error: 'This address is not one of the internet.',
    })
    .transform(({ href }) => href)
    .refine((href) => href.length <= limits.webhookUrlCharactersMax, {
      error: `This must be a URL of at most ${String(limits.webhookUrlCharactersMax)} characters.`,
    })
}

function isPrivateLiteral(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '')
  return isIP(host) !== 0 && !isPublicAddress(host)
}
