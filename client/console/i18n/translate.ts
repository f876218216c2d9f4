import { languages, type Language, type Message } from './messages.ts'

/** The values that replace a message's `{…}`. `count` also decides about the plural. */
export type MessageValues = Readonly<Record<string, string | number>>

/** Turns messages into text, and moments and numbers into what one writes in this language. */
export interface Translator {
  readonly language: Language
  readonly t: (message: Message, values?: MessageValues) => string
  readonly number: (value: number) => string
  /** `24 Nov 2026`, or as the region has it */
  readonly date: (value: Date) => string
  /** `24 Nov 2026, 14:05` */
  readonly dateTime: (value: Date) => string
  /** `now`, `in 3 days`, `2 minutes ago` */
  readonly relative: (value: Date, now?: number) => string
}

/** `wanted`: the browser's languages with their regions, which decide how dates and numbers are written. */
export function createTranslator(language: Language, wanted: readonly string[] = []): Translator {
  const locale = wanted.find((tag) => tag.startsWith(`${language}-`)) ?? language
  const plurals = new Intl.PluralRules(language)
  const numbers = new Intl.NumberFormat(locale)
  const dates = new Intl.DateTimeFormat(locale, { dateStyle: 'medium' })
  const dateTimes = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' })
  const words = new Intl.RelativeTimeFormat(language, { numeric: 'auto' })
  const counts = new Intl.RelativeTimeFormat(language, { numeric: 'always' })
  const index = languages.indexOf(language)
  return {
    language,
    t: (message, values = {}) => {
      const text = message[index] ?? message[0]
      const { count } = values
      const form =
        typeof text === 'string'
          ? text
          : text[typeof count === 'number' && plurals.select(count) === 'one' ? 'one' : 'other']
      return form.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
        const value = values[name] ?? ''
        return typeof value === 'number' ? numbers.format(value) : value
      })
    },
    number: (value) => numbers.format(value),
    date: (value) => dates.format(value),
    dateTime: (value) => dateTimes.format(value),
    relative: (value, now = Date.now()) => {
      const seconds = (value.getTime() - now) / 1000
      const [unit, size] = unitOf(Math.abs(seconds))
      if (unit === 'second') return words.format(0, unit)
      // "tomorrow" says more than "in 1 day", and "next year" less than "in 12 months".
      return (unit === 'day' ? words : counts).format(Math.round(seconds / size), unit)
    },
  }
}

function unitOf(seconds: number): readonly [Intl.RelativeTimeFormatUnit, number] {
  if (seconds < 45) return ['second', 1]
  if (seconds < 45 * 60) return ['minute', 60]
  if (seconds < 22 * 3600) return ['hour', 3600]
  if (seconds < 45 * 86_400) return ['day', 86_400]
  if (seconds < 700 * 86_400) return ['month', 30.44 * 86_400]
  return ['year', 365.25 * 86_400]
}

/** The language that the browser asks for first, of those that there are. */
export function preferredLanguage(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const found = languages.find((language) => tag.toLowerCase().startsWith(language))
    if (found !== undefined) return found
  }
  return 'en'
}
