import type { Logger } from 'pino'
import { z } from 'zod'
import { traceStep } from '../lib/traces.ts'
import { readSmtpUrl, type MailSettings } from './mail-settings.ts'
import type { MailContent } from './message.ts'

/** Why a mail was not taken, as the owner of the channel may know it. */
export type MailFailure = keyof typeof failures

const failures = {
  MAIL_SERVER_UNREACHABLE: 'the mail server cannot be reached: check host and port of SMTP_URL',
  MAIL_SERVER_TLS:
    'the mail server offers no TLS, or its certificate is not valid for its name: see docs/operations.md, "Mail"',
  MAIL_SERVER_LOGIN: 'the mail server refuses user and password of SMTP_URL',
  MAIL_SERVER_ERROR: 'the mail server failed, or asks to be tried later',
  SENDER_REFUSED: 'the mail server refuses SMTP_FROM as the sender',
  RECIPIENT_REFUSED: 'the mail server refuses a recipient',
  MESSAGE_REFUSED: 'the mail server refuses a message',
  TIMED_OUT: 'the mail server does not answer',
} as const

/** A failure in words for the operator, as a sentence without its end. */
export function describeMailFailure(failure: MailFailure): string {
  return failures[failure]
}

/** The outcome of an attempt: `isCertain` unless the mail may have been taken although nobody said so. */
export type MailOutcome =
  { readonly failure: null } | { readonly failure: MailFailure; readonly isCertain: boolean }

export interface Mail extends MailContent {
  readonly to: string
  /** The same in every attempt, so that a mail that arrives twice is known to be one (RFC 5322 §3.6.4). */
  readonly messageId: string
}

/** Connections to the mail server. */
const connectionsMax = 5
const connectMsMax = 10_000
const silenceMsMax = 20_000
/** Shorter than a lease: see leaseSeconds. */
const attemptMsMax = 45_000

/** Hands mails to the operator's mail server. Its log lines have no address and no answer of the mail server's. */
export class Mailer {
  readonly #transport
  readonly #from: string
  readonly #log: Logger
  #lastFailure: MailFailure | null = null

  constructor({ url, from }: MailSettings, { log }: { readonly log: Logger }) {
    this.#from = from
    this.#log = log
    const server = readSmtpUrl(url)
    // Loaded by servers that send mail alone.
    this.#transport = import('nodemailer').then(({ createTransport }) =>
      createTransport({
        ...server,
        pool: true,
        maxConnections: connectionsMax,
        connectionTimeout: connectMsMax,
        greetingTimeout: connectMsMax,
        socketTimeout: silenceMsMax,
        disableFileAccess: true,
        disableUrlAccess: true,
      }),
    )
  }

  /** The domain of the sender's address. */
  get domain(): string {
    return this.#from.replace(/^.*@/, '').replace(/>.*$/, '')
  }

  /** @throws Error when `signal` is aborted */
  send(mail: Mail, signal: AbortSignal): Promise<MailOutcome> {
    return traceStep({ name: 'mail', isRemote: true, codeOf: ({ failure }) => failure }, () =>
      this.#send(mail, signal),
    )
  }

  async #send(mail: Mail, signal: AbortSignal): Promise<MailOutcome> {
    const { to, subject, text, html, messageId, unsubscribeUrl } = mail
    try {
      const transport = await this.#transport
      await transport.sendMail({
        from: this.#from,
        to: { name: '', address: to },
        subject,
        text,
        html,
        messageId,
        list: { unsubscribe: { url: unsubscribeUrl } },
        headers: {
          'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
          // RFC 3834: no absence notes in answer.
          'Auto-Submitted': 'auto-generated',
        },
        signal: AbortSignal.any([signal, AbortSignal.timeout(attemptMsMax)]),
      })
      this.#note(null)
      return { failure: null }
    } catch (error) {
      signal.throwIfAborted()
      const outcome = outcomeOf(error)
      this.#note(outcome.failure)
      return outcome
    }
  }

  /** Logs whether the mail server can be used, so that an operator learns it before the first alert. */
  async check(): Promise<void> {
    const failure = await this.findFailure()
    if (failure === null) this.#log.info('the mail server is ready')
    else this.#note(failure)
  }

  /** Connects and logs in without sending anything. Null: it works. */
  async findFailure(): Promise<MailFailure | null> {
    const transport = await this.#transport
    return transport.verify().then(
      () => null,
      (error: unknown) => outcomeOf(error).failure,
    )
  }

  close(): void {
    void this.#transport.then((transport) => transport.close())
  }

  /** Tells the operator once of each failure, and when it is over; what concerns one recipient is for that one's owner. */
  #note(failure: MailFailure | null): void {
    if (failure === 'RECIPIENT_REFUSED' || failure === this.#lastFailure) return
    if (failure === null) this.#log.info('the mail server takes mail again')
    else this.#log.warn({ failure }, failures[failure])
    this.#lastFailure = failure
  }
}

/** The members of nodemailer's errors. */
const reportShape = z.object({
  code: z.string().optional(),
  originalCode: z.string().optional(),
  command: z.string().optional(),
  responseCode: z.number().optional(),
  timeoutType: z.string().optional(),
})

type Report = z.infer<typeof reportShape>

function outcomeOf(error: unknown): { readonly failure: MailFailure; readonly isCertain: boolean } {
  const report = reportShape.safeParse(error).data ?? {}
  const failure = failureOf(report)
  // An answer, or no session in which a mail could have been taken. A connection that ends leaves it open.
  const isCertain =
    report.responseCode !== undefined ||
    ['MAIL_SERVER_TLS', 'MAIL_SERVER_LOGIN', 'MAIL_SERVER_UNREACHABLE'].includes(failure)
  return { failure, isCertain }
}

function failureOf({
  code,
  originalCode = '',
  command = '',
  responseCode,
  timeoutType,
}: Report): MailFailure {
  if (code === 'ETLS' || isTlsCode(originalCode)) return 'MAIL_SERVER_TLS'
  if (code === 'EAUTH' || code === 'ENOAUTH' || responseCode === 530) return 'MAIL_SERVER_LOGIN'
  if (code === 'EDNS' || /^(ECONNREFUSED|E(HOST|NET)UNREACH|ENOTFOUND|EAI_)/.test(originalCode)) {
    return 'MAIL_SERVER_UNREACHABLE'
  }
  if (timeoutType === 'CONNECT_TIMEOUT') return 'MAIL_SERVER_UNREACHABLE'
  if (code === 'ETIMEDOUT' || code === 'EABORT') return 'TIMED_OUT'
  if (responseCode === undefined || responseCode < 500) return 'MAIL_SERVER_ERROR'
  if (command === 'MAIL FROM') return 'SENDER_REFUSED'
  return command === 'RCPT TO' ? 'RECIPIENT_REFUSED' : 'MESSAGE_REFUSED'
}

/** Codes of OpenSSL, and of Node for certificates. */
function isTlsCode(code: string): boolean {
  return /^(CERT_|ERR_TLS_|ERR_SSL_|EPROTO|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH)/.test(code)
}
