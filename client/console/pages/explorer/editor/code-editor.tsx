import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { bracketMatching, codeFolding, foldGutter, foldKeymap, indentOnInput } from '@codemirror/language'
import { lintKeymap } from '@codemirror/lint'
import { Compartment, EditorState, Prec, type Extension } from '@codemirror/state'
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view'
import { useEffect, useRef } from 'react'
import { flushSync } from 'react-dom'
import { useTranslator } from '../../../i18n/i18n-context.tsx'
import { editorPhrases } from './editor-phrases.ts'
import { editorTheme } from './editor-theme.ts'
import styles from '../explorer.module.css'

export interface CodeEditorProps {
  /** Its name for screen readers. */
  readonly label: string
  readonly value: string
  /** The language, with what completes and checks it. The same value until something of it changes. */
  readonly extensions: Extension
  /** Without it the text can be selected and folded, and not changed. */
  readonly onChange?: (value: string) => void
  /** Keys of the page, before the editor's own: CodeMirror's names of keys. */
  readonly keys?: Readonly<Record<string, (view: EditorView) => void>>
  /** Told where the cursor goes, in characters from the beginning. */
  readonly onCursor?: (position: number) => void
  readonly size: keyof typeof sizes
}

/**
 * CodeMirror in a shadow root: there it puts its styles into constructed style sheets, which a Content-Security-Policy without
 * inline styles allows, and in the document itself into a `<style>`, which it does not. Tab leaves it, as it does any field.
 */
export function CodeEditor({ label, value, extensions, onChange, onCursor, keys, size }: CodeEditorProps) {
  const translator = useTranslator()
  const host = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView | null>(null)
  const language = useRef(new Compartment())
  const current = useRef({ value, onChange, onCursor, keys, extensions })
  useEffect(() => {
    const { extensions: before } = current.current
    current.current = { value, onChange, onCursor, keys, extensions }
    const editor = view.current
    if (editor === null) return
    if (before !== extensions) editor.dispatch({ effects: language.current.reconfigure(extensions) })
    if (editor.state.doc.toString() !== value)
      editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: value } })
  }, [value, onChange, onCursor, keys, extensions])
  useEffect(() => {
    if (host.current === null) return
    const root = host.current.shadowRoot ?? host.current.attachShadow({ mode: 'open' })
    const isReadOnly = current.current.onChange === undefined
    const ownKeys = Object.keys(current.current.keys ?? {}).map((key) => ({
      key,
      preventDefault: true,
      run: (editor: EditorView) => {
        current.current.keys?.[key]?.(editor)
        return true
      },
    }))
    const editor = new EditorView({
      root,
      parent: root,
      state: EditorState.create({
        doc: current.current.value,
        extensions: [
          Prec.highest(keymap.of(ownKeys)),
          isReadOnly ? EditorState.readOnly.of(true) : editing,
          viewing,
          editorTheme,
          EditorState.phrases.of(editorPhrases(translator)),
          EditorView.contentAttributes.of({ 'aria-label': label }),
          EditorView.updateListener.of((update) => {
            if (update.selectionSet) current.current.onCursor?.(update.state.selection.main.head)
            const text = update.state.doc.toString()
            if (!update.docChanged || text === current.current.value) return
            // At once: a key that follows would find the page's state of before, and later this editor what was typed replaced by it.
            flushSync(() => {
              current.current.onChange?.(text)
            })
          }),
          language.current.of(current.current.extensions),
        ],
      }),
    })
    view.current = editor
    return () => {
      view.current = null
      editor.destroy()
    }
  }, [label, translator])
  return <div ref={host} className={sizes[size]} />
}

const sizes = { small: styles.smallEditor, medium: styles.editor, large: styles.tallEditor } as const

const viewing: Extension = [
  drawSelection(),
  bracketMatching(),
  codeFolding(),
  foldGutter(),
  EditorView.lineWrapping,
  keymap.of([...foldKeymap, ...defaultKeymap]),
]

/**
 * Types over a selection. Chromium would keep the colour of the selected text by an inline style, which the
 * Content-Security-Policy refuses with a report for each.
 */
const typingOver = EditorView.domEventHandlers({
  beforeinput: (event, view) => {
    const { data: text, inputType } = event
    const { from, to, empty } = view.state.selection.main
    if (inputType !== 'insertText' || text === null || empty || view.composing) return false
    const insert = () => view.state.update(view.state.replaceSelection(text), { userEvent: 'input.type' })
    const handlers = view.state.facet(EditorView.inputHandler)
    if (!handlers.some((handle) => handle(view, from, to, text, insert))) view.dispatch(insert())
    event.preventDefault()
    return true
  },
})

const editing: Extension = [
  typingOver,
  lineNumbers(),
  history(),
  indentOnInput(),
  closeBrackets(),
  autocompletion(),
  highlightActiveLine(),
  keymap.of([...closeBracketsKeymap, ...completionKeymap, ...lintKeymap, ...historyKeymap]),
]
