import { createContext, use, useMemo, type ReactNode } from 'react'
import { I18nProvider } from 'react-aria-components'
import type { Language } from './messages.ts'
import { createTranslator, type Translator } from './translate.ts'

const TranslatorContext = createContext<Translator>(createTranslator('en'))

/** Speaks `language` to everything inside, React Aria's own words included. */
export function LanguageProvider({
  language,
  children,
}: {
  readonly language: Language
  readonly children: ReactNode
}) {
  const translator = useMemo(() => createTranslator(language, navigator.languages), [language])
  return (
    <TranslatorContext value={translator}>
      <I18nProvider locale={language}>{children}</I18nProvider>
    </TranslatorContext>
  )
}

export function useTranslator(): Translator {
  return use(TranslatorContext)
}
