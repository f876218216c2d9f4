import { createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { deriveKey } from '../lib/sealed.ts'

/** The actions that a mail's links offer without an account: begin, end, or refuse mail from this server. */
export type MailLink =
  | { readonly action: 'confirm' | 'stop'; readonly accountId: string; readonly channelId: string }
  | { readonly action: 'block'; readonly addressDigest: string }

/** The path of each action's page. */
export const mailPaths = { confirm: '/mail/confirm', stop: '/mail/stop', block: '/mail/block' } as const

const content = z.discriminatedUnion('action', [
  z.object({ action: z.enum(['confirm', 'stop']), accountId: z.guid(), channelId: z.guid() }),
  z.object({ action: z.literal('block'), addressDigest: z.string() }),
])

/**
 * Makes and reads the links in mails. A link has a token that this server signed (HMAC-SHA-256), so that nobody else can make
 * one, and no address. The row that it names says how long it is valid.
 */
export class MailLinks {
  readonly #key: Uint8Array
  readonly #origin: () => string

  /** @param options.origin the server's own, known when it listens */
  constructor({
    serverKeySecret,
    origin,
  }: {
    readonly serverKeySecret: string
    readonly origin: () => string
  }) {
    this.#key = deriveKey(serverKeySecret, { use: 'mail link' })
    this.#origin = origin
  }

  urlOf(link: MailLink): string {
    const payload = Buffer.from(JSON.stringify(link)).toString('base64url')
    const url = new URL(mailPaths[link.action], this.#origin())
    url.searchParams.set('token', `${payload}.${this.#sign(payload).toString('base64url')}`)
    return url.href
  }

  /** Null for a token that this server has not made for this action. */
  read(action: MailLink['action'], token: string): MailLink | null {
    const [payload = '', signature = ''] = token.split('.')
    const given = Buffer.from(signature, 'base64url')
    const expected = this.#sign(payload)
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null
    const link = content.parse(JSON.parse(Buffer.from(payload, 'base64url').toString()))
    return link.action === action ? link : null
  }

  #sign(payload: string): Buffer {
    return createHmac('sha256', this.#key).update(payload).digest()
  }
}
