import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { languages, type Message, type MessageText } from '../../../client/console/i18n/messages.ts'
import { createTranslator, preferredLanguage } from '../../../client/console/i18n/translate.ts'

/* That no text is missing in a language, the compiler checks. */

const root = fileURLToPath(new URL('../../../client/console/', import.meta.url))
const files = (await readdir(root, { recursive: true })).filter((path) => !path.startsWith('dist'))
const parts = await Promise.all(files.filter((path) => path.endsWith('.messages.ts')).map(readPart))

interface Part {
  readonly path: string
  readonly messages: readonly (readonly [name: string, message: Message])[]
}

async function readPart(path: string): Promise<Part> {
  const exported: Readonly<Record<string, Readonly<Record<string, Message>>>> = await import(join(root, path))
  return { path, messages: Object.values(exported).flatMap((part) => Object.entries(part)) }
}

const formsOf = (text: MessageText) => (typeof text === 'string' ? [text] : [text.one, text.other])
const valuesIn = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort()

test('every text of a message has the same values in every language and plural form', () => {
  expect(parts.length).toBeGreaterThan(10)
  const wrong = parts.flatMap(({ path, messages }) =>
    messages
      .filter(
        ([, message]) => new Set(message.flatMap(formsOf).map((text) => String(valuesIn(text)))).size > 1,
      )
      .map(([name]) => `${path} ${name}`),
  )
  expect(wrong).toEqual([])
})

test('every message is used, and no text is empty', async () => {
  const sources = await Promise.all(
    files
      .filter((path) => /\.tsx?$/.test(path) && !path.endsWith('.messages.ts'))
      .map((path) => readFile(join(root, path), 'utf8')),
  )
  const code = sources.join('\n')
  // Names that are made at run time: of a state, a mode, an error's code, a theme, …
  const isComputed =
    /^(?:verdict|mode|sort|state|keptBy)[A-Za-z]|^(?:NOTIFY|REFUSE|[A-Z_]{4,})$|^(?:system|light|dark|comfortable|compact)$|^(?:encrypt|decrypt|derive|sign)$/
  const unused = parts.flatMap(({ path, messages }) =>
    messages
      .filter(([name]) => !isComputed.test(name) && !new RegExp(`\\.${name}\\b`).test(code))
      .map(([name]) => `${path} ${name}`),
  )
  expect(unused).toEqual([])
  const empty = parts.flatMap(({ messages }) =>
    messages.filter(([, message]) => message.flatMap(formsOf).includes('')),
  )
  expect(empty).toEqual([])
})

test('numbers and plurals are written as the language does', () => {
  const [en, de] = languages.map((language) => createTranslator(language))
  const message = [
    { one: '{count} key', other: '{count} keys' },
    { one: '{count} Schlüssel', other: '{count} Schlüssel' },
  ] as const
  expect([en?.t(message, { count: 1 }), en?.t(message, { count: 10_000 })]).toEqual(['1 key', '10,000 keys'])
  expect(de?.t(message, { count: 10_000 })).toBe('10.000 Schlüssel')
  const now = Date.UTC(2026, 0, 1)
  const in12Months = new Date(now + 365 * 86_400_000)
  expect([en?.relative(in12Months, now), de?.relative(in12Months, now)]).toEqual([
    'in 12 months',
    'in 12 Monaten',
  ])
  const british = createTranslator('en', ['de-DE', 'en-GB', 'en-US'])
  expect([en?.date(in12Months), british.date(in12Months)]).toEqual(['Jan 1, 2027', '1 Jan 2027'])
})

test('the browser’s first language that there is counts', () => {
  expect(preferredLanguage(['fr-FR', 'de-AT', 'en'])).toBe('de')
  expect(preferredLanguage(['fr'])).toBe('en')
})
