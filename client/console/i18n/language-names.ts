import type { Language } from './messages.ts'

/** Each language in its own words: whoever looks for one reads no other. */
export const languageNames: Readonly<Record<Language, string>> = { en: 'English', de: 'Deutsch' }
