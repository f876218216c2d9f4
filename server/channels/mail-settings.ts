import { domainToASCII } from 'node:url'

/** The operator's settings for mail. */
export interface MailSettings {
  /** `smtp:` or `smtps:`, with user and password in it, e.g. `smtps://user:password@mail.example`. */
  readonly url: string
  /** The sender: an address, or a name and an address in angle brackets. */
  readonly from: string
}

/** How to reach a mail server, as nodemailer takes it. */
export interface SmtpServer {
  readonly host: string
  readonly port: number
  /** TLS from the first byte (RFC 8314 §3.3), in contrast to STARTTLS. */
  readonly secure: boolean
  /** Does not ask for STARTTLS. */
  readonly ignoreTLS: boolean
  /** Without STARTTLS nothing is sent. */
  readonly requireTLS: boolean
  readonly tls: { readonly rejectUnauthorized: boolean }
  readonly auth?: { readonly user: string; readonly pass: string }
}

/** The query parameters that nodemailer reads, and an operator may set here as well. */
const settings = ['requireTLS', 'ignoreTLS', 'tls.rejectUnauthorized'] as const

/**
 * Reads the URL of a mail server: `smtp://user:password@host:587` or `smtps://user:password@host`.
 *
 * Nothing is sent without TLS and a valid certificate, except on loopback, where smtp uses TLS only if the server
 * offers it, and where the URL's query says so.
 *
 * @throws TypeError that says what is wrong, and does not repeat the URL
 */
export function readSmtpUrl(text: string): SmtpServer {
  const url = URL.parse(text)
  if (url === null || !/^smtps?:$/.test(url.protocol) || url.hostname === '') {
    throw new TypeError(
      'must be like smtps://user:password@mail.example or smtp://user:password@mail.example:587',
    )
  }
  if (!/^\/?$/.test(url.pathname) || url.hash !== '' || ![...url.searchParams].every(isSetting)) {
    throw new TypeError(
      `must have nothing behind host and port but ${settings.join(', ')}, each true or false, as a query`,
    )
  }
  const secure = url.protocol === 'smtps:'
  const host = hostOf(url)
  const isLocal = /^(localhost|127\.\d+\.\d+\.\d+|::1)$/.test(host)
  const isSet = (name: (typeof settings)[number], byDefault: boolean) =>
    (url.searchParams.get(name) ?? String(byDefault)) === 'true'
  const ignoreTLS = isSet('ignoreTLS', false)
  return {
    host,
    port: url.port === '' ? (secure ? 465 : 587) : Number(url.port),
    secure,
    ignoreTLS,
    requireTLS: isSet('requireTLS', !secure && !isLocal && !ignoreTLS),
    // On loopback nobody is in between, and a certificate tells nothing.
    tls: { rejectUnauthorized: isSet('tls.rejectUnauthorized', secure || !isLocal) },
    ...(url.username !== '' && {
      auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) },
    }),
  }
}

function isSetting([name, value]: readonly [string, string]): boolean {
  return settings.some((known) => known === name) && /^(true|false)$/.test(value)
}

/** Hosts of schemes that URL does not know keep their spelling. */
function hostOf({ hostname }: URL): string {
  const host = decodeURIComponent(hostname).replace(/^\[|\]$/g, '')
  return host.includes(':') ? host : domainToASCII(host)
}

/** Whether a text is an address, or a name and an address in angle brackets, on one line. */
export function isSender(text: string): boolean {
  return /^(?:[^<>@\p{Cc}]*<[^<>@\s]+@[^<>@\s]+>|[^<>@\s]+@[^<>@\s]+)$/u.test(text)
}
