import type { ChannelKind } from '../../schema/wire/enums.ts'
import type { WebhookMessage } from '../webhooks/message.ts'
import { boundedText, plainParagraphs, type Message } from './message.ts'
import type { Texts } from './texts/catalogue.ts'

/** A service that takes messages over HTTPS. */
export type ChatKind = Exclude<ChannelKind, 'EMAIL'>

/**
 * A message in the form that a service takes. Labels and names of application servers stand in it as they are: no service
 * reads markup or a mention out of them, and no preview is fetched of what looks like an address.
 */
export function chatMessageOf(kind: ChatKind, message: Message, texts: Texts): WebhookMessage {
  return formats[kind](message, plainParagraphs(message, texts))
}

type Format = (message: Message, paragraphs: readonly string[]) => WebhookMessage

function jsonMessage(body: object): WebhookMessage {
  return {
    headers: { 'content-type': 'application/json', 'user-agent': 'claviger' },
    body: JSON.stringify(body),
  }
}

/** A section has 3,000 characters and a header 150 (https://docs.slack.dev/reference/block-kit/blocks). */
const slackSectionMax = 3_000
const slackHeaderMax = 150
/** ntfy takes 4,096 bytes, and makes a file of what is longer. */
const ntfyBytesMax = 4_096
/** https://discord.com/developers/docs/resources/webhook#execute-webhook */
const discordCharactersMax = 2_000
/** Teams takes 28 KB in all. */
const teamsCharactersMax = 6_000

const formats: Readonly<Record<ChatKind, Format>> = {
  /** Blocks of plain_text have neither markup nor mentions; the fallback is escaped as Slack asks. */
  SLACK: ({ title }, paragraphs) =>
    jsonMessage({
      text: slackEscaped(title),
      mrkdwn: false,
      link_names: false,
      unfurl_links: false,
      unfurl_media: false,
      blocks: [
        { type: 'header', text: slackText(boundedText(title, slackHeaderMax)) },
        { type: 'section', text: slackText(boundedText(paragraphs.join('\n\n'), slackSectionMax)) },
      ],
    }),
  /** An Adaptive Card. A TextRun, in contrast to a TextBlock, has no Markdown; mentions would need entities. */
  TEAMS: ({ title }, paragraphs) => {
    const runs = [
      { type: 'TextRun', text: title, weight: 'Bolder', size: 'Medium' },
      ...boundedText(paragraphs.join('\n'), teamsCharactersMax)
        .split('\n')
        .map((text) => ({ type: 'TextRun', text })),
    ]
    return jsonMessage({
      type: 'message',
      summary: title,
      attachments: [
        {
          contentType: 'application/vnd.microsoft.card.adaptive',
          content: {
            $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
            type: 'AdaptiveCard',
            version: '1.4',
            body: runs.map((run) => ({ type: 'RichTextBlock', inlines: [run] })),
          },
        },
      ],
    })
  },
  /** Every mark of Discord's Markdown is escaped, and no mention is allowed to notify anybody. */
  DISCORD: ({ title }, paragraphs) =>
    jsonMessage({
      content: boundedEscape([title, ...paragraphs].join('\n\n'), {
        escape: discordEscaped,
        max: discordCharactersMax,
      }),
      allowed_mentions: { parse: [] },
      // SUPPRESS_EMBEDS: Discord fetches no address that stands in the text.
      flags: 4,
    }),
  /** Plain text; ntfy reads Markdown only where a header says so. */
  NTFY: ({ title }, paragraphs) => ({
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      'user-agent': 'claviger',
      title: encodedWord(title),
      tags: 'key',
    },
    body: boundedBytes(paragraphs.join('\n\n'), ntfyBytesMax),
  }),
}

function slackText(text: string): object {
  return { type: 'plain_text', text, emoji: false }
}

/** https://docs.slack.dev/messaging/formatting-message-text#escaping: no mention, channel or link begins without `<`. */
function slackEscaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** A backslash takes the meaning from every ASCII mark. The joiner keeps what looks like an address from becoming a link. */
function discordEscaped(text: string): string {
  return text.replaceAll('://', ':\u2060//').replaceAll(/[\\`*_~|<>#:@[\]()\-+]/g, String.raw`\$&`)
}

/** The longest beginning, or nearly so, whose escaped form fits. */
function boundedEscape(
  text: string,
  { escape, max }: { readonly escape: (text: string) => string; readonly max: number },
): string {
  let kept = text
  while (escape(kept).length > max) {
    kept = boundedText(text, Math.floor((kept.length * max) / escape(kept).length))
  }
  return escape(kept)
}

function boundedBytes(text: string, bytesMax: number): string {
  let kept = text
  while (Buffer.byteLength(kept) > bytesMax) {
    kept = boundedText(text, Math.floor((kept.length * bytesMax) / Buffer.byteLength(kept)))
  }
  return kept
}

/** A header has ASCII alone; RFC 2047 is what ntfy reads others by. */
function encodedWord(text: string): string {
  return /^[\x20-\x7e]*$/.test(text) ? text : `=?UTF-8?B?${Buffer.from(text).toString('base64')}?=`
}
