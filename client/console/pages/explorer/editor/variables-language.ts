import {
  insertCompletionText,
  type Completion,
  type CompletionContext,
  type CompletionResult,
} from '@codemirror/autocomplete'
import { json, jsonLanguage, jsonParseLinter } from '@codemirror/lang-json'
import { syntaxTree } from '@codemirror/language'
import { linter, type Diagnostic } from '@codemirror/lint'
import type { EditorState, Extension } from '@codemirror/state'
import type { SyntaxNode } from '@lezer/common'
import { coerceInputValue, getNamedType, isEnumType, isInputObjectType, isNonNullType } from 'graphql'
import type { VariableTypes } from './variable-types.ts'

/** JSON whose members are the variables of a document: completed and checked by the types that it declares. */
export function variablesLanguage(types: VariableTypes | null): Extension {
  const parses = linter(jsonParseLinter())
  if (types === null) return [json(), parses]
  return [
    json(),
    parses,
    linter(({ state }) => checkVariables(state, types)),
    jsonLanguage.data.of({ autocomplete: (context: CompletionContext) => completeVariables(context, types) }),
  ]
}

/** Faults of the values, each where it stands. */
export function checkVariables(state: EditorState, types: VariableTypes): Diagnostic[] {
  const values = parseObject(state.doc.toString())
  if (values === null) return []
  const found: Diagnostic[] = []
  const report = (path: readonly string[], message: string) => {
    found.push({ ...rangeOf(state, path), severity: 'error', message })
  }
  for (const name of Object.keys(values))
    if (!types.has(name)) report([name], `The document declares no variable $${name}.`)
  for (const [name, { type, hasDefault }] of types) {
    if (name in values)
      coerceInputValue(values[name], type, (path, _value, error) => {
        report([name, ...path.map(String)], error.message)
      })
    else if (isNonNullType(type) && !hasDefault)
      report([], `The variable $${name} of the type ${String(type)} is missing.`)
  }
  return found
}

/** Where the value at a path stands in the text; the innermost there is. */
function rangeOf(state: EditorState, path: readonly string[]): { from: number; to: number } {
  let node: SyntaxNode = syntaxTree(state).topNode.firstChild ?? syntaxTree(state).topNode
  for (const step of path) {
    const next =
      node.name === 'Array' ? elementsOf(node)[Number(step)] : valueOf(state, { object: node, name: step })
    if (next === undefined) break
    node = next
  }
  // A whole object is underlined at its first character alone: the message is about what is not in it.
  return { from: node.from, to: node.name === 'Object' ? node.from + 1 : node.to }
}

/** Names where a name is written, the values of an enum where one is expected. */
export function completeVariables(
  { state, pos, explicit }: CompletionContext,
  types: VariableTypes,
): CompletionResult | null {
  const node = syntaxTree(state).resolveInner(pos, -1)
  if (node.name === 'PropertyName') {
    const object = closest(node, 'Object')
    return object === null ? null : { from: node.from, options: namesAt(types, pathOf(state, object)) }
  }
  const property = closest(node, 'Property')
  const object = closest(node, 'Object')
  const isInValue = property !== null && (object === null || object.from < property.from)
  if (isInValue) {
    const values = valuesAt(types, pathOf(state, property))
    return values === null ? null : { from: node.name === 'String' ? node.from : pos, options: values }
  }
  if (object === null || !explicit) return null
  const present = new Set(object.getChildren('Property').map((each) => nameOf(state, each)))
  const names = namesAt(types, pathOf(state, object))
  return { from: pos, options: names.filter(({ displayLabel }) => !present.has(displayLabel ?? '')) }
}

/** The variables at the top, and the input fields of an input object below. */
function namesAt(types: VariableTypes, path: readonly string[]): readonly Completion[] {
  if (path.length === 0) return [...types].map(([name, { type }]) => suggestion(name, String(type)))
  const type = typeAt(types, path)
  const named = type === null ? null : getNamedType(type)
  if (!isInputObjectType(named)) return []
  return Object.values(named.getFields()).map((field) => suggestion(field.name, String(field.type)))
}

/** Null where no enum is expected. */
function valuesAt(types: VariableTypes, path: readonly string[]): readonly Completion[] | null {
  const type = typeAt(types, path)
  const named = type === null ? null : getNamedType(type)
  return isEnumType(named) ? named.getValues().map(({ name }) => suggestion(name, '')) : null
}

/** Its label has the quotes, since what it is compared with begins with one. */
function suggestion(name: string, detail: string): Completion {
  const label = `"${name}"`
  return {
    label,
    displayLabel: name,
    detail,
    type: 'property',
    apply: (view, _completion, from, to) => {
      // The quote that closes what is written so far is replaced too.
      const end = view.state.sliceDoc(to, to + 1) === '"' ? to + 1 : to
      view.dispatch(insertCompletionText(view.state, label, from, end))
    },
  }
}

function typeAt(types: VariableTypes, [first = '', ...path]: readonly string[]) {
  let type = types.get(first)?.type ?? null
  for (const step of path) {
    const named = type === null ? null : getNamedType(type)
    type = isInputObjectType(named) ? (named.getFields()[step]?.type ?? null) : null
  }
  return type
}

/** The names of the members that lead to a node, the node's own included. Positions in lists are left out. */
function pathOf(state: EditorState, node: SyntaxNode): readonly string[] {
  const path: string[] = []
  for (let at: SyntaxNode | null = node; at !== null; at = at.parent)
    if (at.name === 'Property') path.unshift(nameOf(state, at))
  return path
}

function closest(node: SyntaxNode, name: string): SyntaxNode | null {
  for (let at: SyntaxNode | null = node; at !== null; at = at.parent) if (at.name === name) return at
  return null
}

function nameOf(state: EditorState, property: SyntaxNode): string {
  const name = property.getChild('PropertyName')
  return name === null ? '' : state.sliceDoc(name.from, name.to).replaceAll('"', '')
}

function valueOf(
  state: EditorState,
  { object, name }: { object: SyntaxNode; name: string },
): SyntaxNode | undefined {
  const property = object.getChildren('Property').find((each) => nameOf(state, each) === name)
  return property?.lastChild ?? property
}

function elementsOf(array: SyntaxNode): SyntaxNode[] {
  const elements: SyntaxNode[] = []
  for (let at = array.firstChild; at !== null; at = at.nextSibling)
    if (!['[', ']', ','].includes(at.name)) elements.push(at)
  return elements
}

/** Null for what is no JSON object. An empty text is one without members. */
export function parseObject(text: string): Record<string, unknown> | null {
  if (text.trim() === '') return {}
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null
  } catch {
    return null
  }
}
