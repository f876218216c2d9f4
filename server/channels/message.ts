import { limits } from '../../schema/wire/limits.ts'
import { html, type Html } from '../lib/html.ts'
import type { Digest } from './digest.ts'
import type { AlertText, Texts } from './texts/catalogue.ts'
import { describe } from './texts/index.ts'

/** A message to a person, before it has the form of a mail or of a chat service. */
export interface Message {
  /** One line, of at most 150 characters. */
  readonly title: string
  readonly parts: readonly AlertPart[]
  /** The sentence after the parts; null when they are all. */
  readonly further: string | null
  /** Which account of which key server it is about. */
  readonly origin: string
}

interface AlertPart extends AlertText {
  /** When it happened, in words. */
  readonly occurred: string
}

/** Where a message comes from. */
export interface Sender {
  /** The account's name. */
  readonly owner: string
  /** The key server's own. */
  readonly origin: string
}

const titleCharactersMax = 150

export function messageOf(digest: Digest, texts: Texts, { origin }: Pick<Sender, 'origin'>): Message {
  const parts = digest.alerts.map((facts) => ({
    ...describe(facts, texts),
    occurred: `${texts.occurred}: ${texts.instant(facts.occurredAt)}`,
  }))
  const [first] = parts
  return {
    title: oneLine(digest.count === 1 && first !== undefined ? first.title : texts.several(digest.count)),
    parts,
    further: digest.further.length === 0 ? null : texts.further(digest.further),
    origin: texts.origin(digest.owner, origin),
  }
}

export function farewellOf(texts: Texts, { owner, origin }: Sender, at: Date): Message {
  const text = texts.farewell(owner, origin)
  return {
    title: oneLine(text.title),
    parts: [{ ...text, occurred: `${texts.occurred}: ${texts.instant(at)}` }],
    further: null,
    origin: texts.origin(owner, origin),
  }
}

/** No label reaches a header with a control character in it, whatever has stored it, nor makes one too long. */
function oneLine(text: string): string {
  const plain = text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
  return boundedText(plain, titleCharactersMax)
}

/** At most so many characters (UTF-16 code units), without half of one at the end. */
export function boundedText(text: string, charactersMax: number): string {
  return text.length <= charactersMax
    ? text
    : `${text
        .slice(0, charactersMax - 1)
        .toWellFormed()
        .replace(/\uFFFD$/, '')}…`
}

/** The same as plain text, a paragraph each. */
export function plainParagraphs(message: Message, { toDo }: Pick<Texts, 'toDo'>): string[] {
  return [
    ...message.parts.flatMap((part) => [
      ...(message.parts.length === 1 && message.title === part.title ? [] : [`* ${part.title}`]),
      part.happened,
      part.occurred,
      `${toDo}: ${part.toDo}`,
    ]),
    ...(message.further === null ? [] : [message.further]),
    message.origin,
  ]
}

/** The content of a mail; {@link Mailer} sends it. */
export interface MailContent {
  readonly subject: string
  readonly text: string
  readonly html: string
  /** The page on which the reader ends such mails (RFC 8058). */
  readonly unsubscribeUrl: string
}

/** A message as a mail: plain text, and HTML without anything that a reader's program would fetch. */
export function mailOf(
  message: Message,
  texts: Texts,
  { language, stopUrl }: { readonly language: string; readonly stopUrl: string | null },
): Omit<MailContent, 'unsubscribeUrl'> {
  const stopping = stopUrl === null ? [] : [`${texts.stop}: ${stopUrl}`]
  return {
    subject: message.title,
    text: [message.title, ...plainParagraphs(message, texts), texts.commands, texts.footer, ...stopping].join(
      '\n\n',
    ),
    html: page(language, [
      ...message.parts.flatMap((part) => [
        html`<h2 style="${headingStyle}">${part.title}</h2>`,
        html`<p>${part.happened}</p>`,
        html`<p>${part.occurred}</p>`,
        html`<p><strong>${texts.toDo}:</strong> ${part.toDo}</p>`,
      ]),
      ...(message.further === null ? [] : [html`<p>${message.further}</p>`]),
      html`<hr />
        <p>${message.origin}</p>
        <p style="${smallStyle}">${texts.commands} ${texts.footer}</p>`,
      ...(stopUrl === null
        ? []
        : [html`<p style="${smallStyle}">${texts.stop}: <a href="${stopUrl}">${stopUrl}</a></p>`]),
    ]),
  }
}

/** The one mail that an address gets before it is confirmed. */
export function confirmationOf(
  texts: Texts,
  { owner, origin }: Sender,
  {
    language,
    confirmUrl,
    blockUrl,
  }: { readonly language: string; readonly confirmUrl: string; readonly blockUrl: string },
): MailContent {
  const { subject, asked, confirm, ignore, block } = texts.confirmation
  const [who, how] = [asked(owner, origin), confirm(limits.confirmationHours)]
  return {
    subject,
    text: [who, `${how}\n${confirmUrl}`, ignore, `${block}: ${blockUrl}`, texts.footer].join('\n\n'),
    html: page(language, [
      html`<p>${who}</p>`,
      html`<p>${how}<br /><a href="${confirmUrl}">${confirmUrl}</a></p>`,
      html`<p>${ignore}</p>`,
      html`<p style="${smallStyle}">${block}: <a href="${blockUrl}">${blockUrl}</a></p>`,
      html`<p style="${smallStyle}">${texts.footer}</p>`,
    ]),
    unsubscribeUrl: blockUrl,
  }
}

const headingStyle = 'font-size: 1.1em; margin-top: 1.5em'
const smallStyle = 'font-size: 0.85em; color: #555'

function page(language: string, content: readonly Html[]): string {
  return html`<!doctype html>
    <html lang="${language.toLowerCase()}">
      <head>
        <meta charset="utf-8" />
        <title>Claviger</title>
      </head>
      <body style="font-family: sans-serif; max-width: 40em; overflow-wrap: anywhere">
        ${content}
      </body>
    </html> `.text
}
