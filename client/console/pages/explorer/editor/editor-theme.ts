import { HighlightStyle, syntaxHighlighting } from '@codemirror/language'
import type { Extension } from '@codemirror/state'
import { EditorView } from '@codemirror/view'
import { tags } from '@lezer/highlight'

/** The console's colours: its variables reach into the shadow root that an editor stands in, with those of the dark theme. */
const theme = EditorView.theme({
  '&': {
    height: '100%',
    color: 'var(--ink)',
    backgroundColor: 'var(--surface)',
    fontSize: 'var(--text-s)',
    borderRadius: 'var(--radius-m)',
  },
  '&.cm-focused': { outline: '2px solid var(--accent)', outlineOffset: '-1px' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.55', overflow: 'auto' },
  '.cm-content': { padding: '0.6rem 0', caretColor: 'var(--ink)' },
  '.cm-line': { padding: '0 0.6rem 0 0.3rem' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '.cm-gutters': { backgroundColor: 'transparent', color: 'var(--ink-3)', border: '0' },
  '.cm-activeLine': { backgroundColor: 'color-mix(in srgb, var(--surface-2) 55%, transparent)' },
  '.cm-foldPlaceholder': {
    padding: '0 0.4em',
    border: '0',
    backgroundColor: 'var(--surface-2)',
    color: 'var(--ink-2)',
  },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'light-dark(#f1dca9, #5a4517)',
  },
  '&.cm-focused .cm-matchingBracket': {
    backgroundColor: 'var(--accent-soft)',
    outline: '1px solid var(--line-strong)',
  },
  '.cm-tooltip': {
    border: '1px solid var(--line)',
    borderRadius: 'var(--radius-s)',
    backgroundColor: 'var(--surface)',
    color: 'var(--ink)',
    boxShadow: 'var(--shadow-2)',
    overflow: 'hidden',
    maxWidth: 'min(34rem, 90vw)',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { fontFamily: 'var(--mono)', maxHeight: '14rem' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '0.2rem 0.6rem' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': {
    backgroundColor: 'var(--accent-soft)',
    color: 'var(--ink)',
  },
  '.cm-completionMatchedText': { color: 'var(--accent)', fontWeight: '700', textDecoration: 'none' },
  '.cm-completionDetail': { color: 'var(--ink-3)', fontStyle: 'normal' },
  '.cm-tooltip.cm-completionInfo': { padding: '0.5rem 0.7rem', fontFamily: 'var(--sans)' },
  '.cm-hover': { padding: '0.5rem 0.7rem', fontFamily: 'var(--sans)', whiteSpace: 'pre-line' },
  '.cm-hover code': { fontFamily: 'var(--mono)', color: 'var(--accent)' },
  '.cm-diagnostic': { fontFamily: 'var(--sans)', padding: '0.4rem 0.7rem' },
  '.cm-diagnostic-error': { borderLeftColor: 'var(--bad-line)' },
  '.cm-panels': { backgroundColor: 'var(--surface-2)', color: 'var(--ink)', borderColor: 'var(--line)' },
})

const highlighting = HighlightStyle.define([
  { tag: [tags.keyword, tags.definitionKeyword, tags.modifier], color: 'var(--accent)', fontWeight: '600' },
  { tag: [tags.propertyName], color: 'var(--info)' },
  { tag: [tags.variableName, tags.special(tags.name)], color: 'var(--warn)' },
  { tag: [tags.string], color: 'var(--ok)' },
  { tag: [tags.integer, tags.float, tags.number, tags.bool, tags.null], color: 'var(--bad)' },
  { tag: [tags.attributeName, tags.atom], color: 'var(--ink)' },
  {
    tag: [tags.lineComment, tags.punctuation, tags.paren, tags.brace, tags.separator],
    color: 'var(--ink-3)',
  },
])

export const editorTheme: Extension = [theme, syntaxHighlighting(highlighting)]
