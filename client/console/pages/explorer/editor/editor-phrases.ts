import { messages } from '../../../i18n/messages.ts'
import { createTranslator, type Translator } from '../../../i18n/translate.ts'

/** CodeMirror's own words, by how it asks for them: what it says to screen readers, and titles. */
const phrases = messages({
  completions: ['Completions', 'Vorschläge'],
  diagnostics: ['Diagnostics', 'Beanstandungen'],
  fold: ['Fold line', 'Einklappen'],
  folded: ['Folded lines', 'Eingeklappte Zeilen'],
  from: ['from', 'von'],
  none: ['No diagnostics', 'Nichts beanstandet'],
  to: ['to', 'bis'],
  unfold: ['Unfold line', 'Ausklappen'],
  unfolded: ['Unfolded lines', 'Ausgeklappte Zeilen'],
  placeholder: ['folded code', 'eingeklappter Text'],
  unfoldPlaceholder: ['unfold', 'ausklappen'],
})

const english = createTranslator('en')

export function editorPhrases({ t }: Translator): Record<string, string> {
  return Object.fromEntries(Object.values(phrases).map((phrase) => [english.t(phrase), t(phrase)]))
}
