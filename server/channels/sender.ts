import { createHash } from 'node:crypto'
import type { Databases } from '../database/connect.ts'
import type { LeasedChannel } from '../webhooks/lease.ts'
import { postWebhook, type PostOptions } from '../webhooks/post.ts'
import { chatMessageOf } from './chat.ts'
import { readOwner, type Digest } from './digest.ts'
import type { MailLinks } from './links.ts'
import type { Mailer } from './mailer.ts'
import { confirmationOf, farewellOf, mailOf, messageOf, type MailContent, type Message } from './message.ts'
import { addressDigestOf } from './target.ts'
import { texts } from './texts/index.ts'

export interface ChannelSenderOptions extends Pick<PostOptions, 'allowsPrivate' | 'resolve'> {
  readonly databases: Pick<Databases, 'reads'>
  readonly serverKeySecret: string
  /** Null when the operator has set no mail server. */
  readonly mailer: Mailer | null
  readonly links: MailLinks
  /** The server's own. */
  readonly origin: () => string
  /** How long a service may take to answer. */
  readonly timeoutMs?: number
}

/** The outcome of an attempt: `isCertain` unless the message may have been taken although nobody said so. */
export type SendOutcome =
  { readonly failure: null } | { readonly failure: string; readonly isCertain: boolean }

interface Destination {
  readonly channel: LeasedChannel
  /** An address or a URL. */
  readonly target: string
  readonly signal: AbortSignal
}

/** Puts what a channel is to be sent into its form and its language, and sends it. */
export class ChannelSender {
  readonly #options: ChannelSenderOptions

  constructor(options: ChannelSenderOptions) {
    this.#options = options
  }

  /** @param batch the alert after which the digest begins, and its last one */
  async sendDigest(
    destination: Destination,
    digest: Digest,
    batch: { readonly after: number; readonly end: number },
  ): Promise<SendOutcome> {
    const { language } = destination.channel
    const message = messageOf(digest, texts[language], { origin: this.#options.origin() })
    return this.#send(destination, message, `${String(batch.after)}-${String(batch.end)}`)
  }

  /** The one mail before an address is confirmed. */
  async sendConfirmation(destination: Destination): Promise<SendOutcome> {
    const { channel, target } = destination
    const { databases, links, serverKeySecret, origin } = this.#options
    const { account_id: accountId, id: channelId, language } = channel
    const owner = await readOwner(databases.reads.db, accountId)
    const content = confirmationOf(
      texts[language],
      { owner, origin: origin() },
      {
        language,
        confirmUrl: links.urlOf({ action: 'confirm', accountId, channelId }),
        blockUrl: links.urlOf({ action: 'block', addressDigest: addressDigestOf(target, serverKeySecret) }),
      },
    )
    return this.#sendMail(destination, content, `confirmation-${channel.lease}`)
  }

  /** The last message to a channel that was removed. */
  async sendFarewell(destination: Destination): Promise<SendOutcome> {
    const { account_id: accountId, language, now } = destination.channel
    const owner = await readOwner(this.#options.databases.reads.db, accountId)
    const message = farewellOf(texts[language], { owner, origin: this.#options.origin() }, now)
    return this.#send(destination, message, 'farewell')
  }

  async #send(destination: Destination, message: Message, name: string): Promise<SendOutcome> {
    const { channel, target, signal } = destination
    const { channel_kind: kind, language } = channel
    if (kind !== 'EMAIL') {
      const { allowsPrivate, resolve, timeoutMs = 10_000 } = this.#options
      const failure = await postWebhook(chatMessageOf(kind, message, texts[language]), {
        url: target,
        allowsPrivate,
        ...(resolve && { resolve }),
        timeoutMs,
        signal,
      })
      return failure === null ? { failure } : { failure, isCertain: failure.startsWith('HTTP_') }
    }
    const stopUrl = this.#options.links.urlOf({
      action: 'stop',
      accountId: channel.account_id,
      channelId: channel.id,
    })
    // A removed address has nothing left to stop but the one mail that says so.
    const content = mailOf(message, texts[language], {
      language,
      stopUrl: channel.notice === null ? stopUrl : null,
    })
    return this.#sendMail(destination, { ...content, unsubscribeUrl: stopUrl }, name)
  }

  async #sendMail(
    { channel, target, signal }: Destination,
    content: MailContent,
    name: string,
  ): Promise<SendOutcome> {
    const { mailer } = this.#options
    if (mailer === null) return { failure: 'MAIL_OFF', isCertain: true }
    const id = createHash('sha256').update(`${channel.account_id}:${channel.id}:${name}`).digest('hex')
    return mailer.send({ ...content, to: target, messageId: `<${id.slice(0, 32)}@${mailer.domain}>` }, signal)
  }
}
