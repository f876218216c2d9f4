import { domainToASCII } from 'node:url'
import { z } from 'zod'
import { badInput } from '../../schema/wire/errors.ts'
import type { ChannelKind } from '../../schema/wire/enums.ts'
import { parseInput } from '../lib/input.ts'
import { keyedDigest, openSealed, seal, type SealedFor } from '../lib/sealed.ts'
import { webhookUrl } from '../webhooks/webhook-url.ts'

/** RFC 5321 §4.5.3.1.3: a path of 256 octets, less its brackets. */
const addressCharactersMax = 254

/** As browsers check it, without the marks of old source routes. */
const email = z.email({ pattern: z.regexes.html5Email }).refine((address) => !/[!%]/.test(address))

/**
 * Parses where a channel's messages go, and answers its canonical form.
 *
 * @throws {KeyServerError} BAD_USER_INPUT
 */
export function parseTarget(
  { kind, target }: { readonly kind: ChannelKind; readonly target: string },
  { allowsPrivate }: { readonly allowsPrivate: boolean },
): string {
  if (kind === 'EMAIL') return parseAddress(target)
  const url = parseInput(webhookUrl({ allowsPrivate }), target, 'input.target')
  if (kind === 'NTFY' && !/^\/[-_A-Za-z0-9]{1,64}$/.test(new URL(url).pathname)) {
    throw badInput('input.target', 'The URL of a topic of ntfy is like https://ntfy.example/topic.')
  }
  return url
}

/**
 * The domain in ASCII (RFC 5890) and lower case; the local part as it was written, because its host decides what case
 * means.
 */
function parseAddress(text: string): string {
  const at = text.lastIndexOf('@')
  const address = `${text.slice(0, at)}@${domainToASCII(text.slice(at + 1))}`
  if (at < 1 || address.length > addressCharactersMax || !email.safeParse(address).success) {
    throw badInput('input.target', 'This must be one e-mail address, like alice@mail.example.')
  }
  return address
}

interface DigestOptions {
  readonly accountId: string
  readonly kind: ChannelKind
  readonly serverKeySecret: string
}

/** A keyed digest of a target: an account has a target only once, and the database alone reveals none. */
export function targetDigestOf(target: string, { accountId, kind, serverKeySecret }: DigestOptions): string {
  return keyedDigest(`${accountId}:${kind}:${target.toLowerCase()}`, {
    serverKeySecret,
    use: 'channel target',
  })
}

/** The same for all channels whose messages go to one host; mails all go to one. */
export function hostDigestOf(
  target: string,
  { kind, serverKeySecret }: Pick<DigestOptions, 'kind' | 'serverKeySecret'>,
): string {
  const host = kind === 'EMAIL' ? 'smtp' : new URL(target).host
  return keyedDigest(host, { serverKeySecret, use: 'channel host' })
}

/**
 * The same for all spellings of an address that commonly lead to one mailbox: they differ in case, in dots, and in what
 * follows a plus. So nobody can flood a mailbox with confirmation mails by spelling its address differently.
 */
export function addressDigestOf(address: string, serverKeySecret: string): string {
  const [, local = '', domain = ''] = /^([^+@]*)[^@]*@(.*)$/.exec(address.toLowerCase()) ?? []
  return keyedDigest(`${local.replaceAll('.', '')}@${domain}`, { serverKeySecret, use: 'mail address' })
}

type TargetOwner = Omit<SealedFor, 'use'>
const use = 'channel target'

export function sealTarget(target: string, owner: TargetOwner): Promise<string> {
  return seal(new TextEncoder().encode(target), { ...owner, use })
}

/** Null when it was sealed for another channel, or under another secret of the server's. */
export async function openTarget(sealed: string, owner: TargetOwner): Promise<string | null> {
  const plaintext = await openSealed(sealed, { ...owner, use })
  return plaintext && new TextDecoder().decode(plaintext)
}
