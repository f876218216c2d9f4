import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { MailActions } from '../channels/mail-actions.ts'
import { mailPaths, type MailLink, type MailLinks } from '../channels/links.ts'
import { texts } from '../channels/texts/index.ts'
import type { PageText } from '../channels/texts/catalogue.ts'
import { Html, html } from '../lib/html.ts'
import { sendText } from './responses.ts'
import type { Route } from './server.ts'

export interface MailPagesOptions {
  readonly links: MailLinks
  readonly actions: MailActions
}

/** The page that says what was done. */
const donePages = { confirm: 'confirmed', stop: 'stopped', block: 'blocked' } as const

/**
 * The pages that the links in mails lead to, by path. GET shows a page with a button and does nothing, because programs that
 * scan mails fetch their links; POST does it: by the button, or by a mail program in one click (RFC 8058).
 */
export function createMailPages(options: MailPagesOptions): ReadonlyMap<string, Route> {
  return new Map(
    (['confirm', 'stop', 'block'] as const).map((action) => [
      mailPaths[action],
      (request: IncomingMessage, response: ServerResponse) => respond(action, { request, response }, options),
    ]),
  )
}

async function respond(
  action: MailLink['action'],
  { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse },
  { links, actions }: MailPagesOptions,
): Promise<void> {
  const { method } = request
  if (method !== 'GET' && method !== 'HEAD' && method !== 'POST') {
    response.setHeader('Allow', 'GET, HEAD, POST')
    sendText(response, 405, 'This page is read by GET and its button is a POST.')
    return
  }
  // The form has nothing but its button: all that counts is in the address.
  request.resume()
  const link = links.read(action, tokenOf(request))
  try {
    const found = link && (await (method === 'POST' ? actions.follow(link) : actions.look(link)))
    const { pages } = texts[found?.language ?? 'EN']
    const page =
      found === null ? pages.invalid('') : pages[method === 'POST' ? donePages[action] : action](found.owner)
    sendPage(request, response, {
      status: found === null ? 404 : 200,
      page,
      language: found?.language ?? 'EN',
    })
  } catch {
    sendText(response, 503, 'This is not possible at present. Try the link again later.')
  }
}

function tokenOf({ url = '' }: IncomingMessage): string {
  return new URLSearchParams(url.split('?', 2)[1]).get('token') ?? ''
}

const style = `:root { color-scheme: light dark; font: 1.1rem/1.5 system-ui, sans-serif }
main { max-width: 34rem; margin: 4rem auto; padding: 0 1rem; overflow-wrap: anywhere }
button { font: inherit; padding: 0.5rem 1rem }`

/** Nothing is loaded, nothing runs, and the address with its token is sent to nobody as a referrer. */
const headers = {
  'Content-Type': 'text/html; charset=utf-8',
  'Content-Security-Policy': `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Frame-Options': 'DENY',
  'X-Robots-Tag': 'noindex',
} as const

function sendPage(
  { method }: IncomingMessage,
  response: ServerResponse,
  {
    status,
    page,
    language,
  }: { readonly status: number; readonly page: PageText; readonly language: keyof typeof texts },
): void {
  const body = render(page, language)
  response
    .writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(body) })
    .end(method === 'HEAD' ? undefined : body)
}

function render({ title, text, button }: PageText, language: string): string {
  const form = button === null ? [] : [html`<form method="post"><button>${button}</button></form>`]
  return html`<!doctype html>
    <html lang="${language.toLowerCase()}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>${title}</title>
        <style>
          ${new Html(style)}
        </style>
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          <p>${text}</p>
          ${form}
        </main>
      </body>
    </html> `.text
}
