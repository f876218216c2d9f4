import type { EditorState, Extension } from '@codemirror/state'
import { hoverTooltip } from '@codemirror/view'
import { graphql } from 'cm6-graphql'
import type { GraphQLSchema } from 'graphql'
import { getHoverInformation, getTokenAtPosition, getTypeInfo, Position } from 'graphql-language-service'

/** A place in the schema: a type, and maybe one of its fields. */
export interface SchemaPlace {
  readonly type: string
  readonly field: string | null
}

/**
 * GraphQL that is completed, checked and explained by a schema; without one it is coloured alone. `onShowInDocs`: a name was
 * pressed with Ctrl or Cmd.
 */
export function documentLanguage(
  schema: GraphQLSchema | null,
  onShowInDocs: (place: SchemaPlace) => void,
): Extension {
  return [
    graphql(schema ?? undefined, {
      onShowInDocs: (field, type, parentType) => {
        const place = placeOf(field, type, parentType)
        if (place !== null) onShowInDocs(place)
      },
    }),
    schema === null ? [] : explanations(schema),
  ]
}

/** The type or field that a document names at its cursor; null where it names none. */
export function placeAt(schema: GraphQLSchema, state: EditorState): SchemaPlace | null {
  const token = getTokenAtPosition(state.doc.toString(), positionOf(state, state.selection.main.head))
  const { fieldDef, type, parentType } = getTypeInfo(schema, token.state)
  return placeOf(fieldDef?.name, type?.toString(), parentType?.toString())
}

function placeOf(
  field: string | undefined,
  type: string | undefined,
  parentType: string | undefined,
): SchemaPlace | null {
  if (field !== undefined && parentType !== undefined) return { type: parentType, field }
  return type === undefined ? null : { type: type.replaceAll(/[[\]!]/g, ''), field: null }
}

function positionOf({ doc }: EditorState, offset: number): Position {
  const line = doc.lineAt(offset)
  return new Position(line.number - 1, offset - line.from)
}

/** The type and the description of what the pointer rests on. */
function explanations(schema: GraphQLSchema): Extension {
  return hoverTooltip(({ state }, position) => {
    const text = getHoverInformation(schema, state.doc.toString(), positionOf(state, position))
    if (typeof text !== 'string' || text.trim() === '') return null
    const [signature = '', ...description] = text.split('\n\n')
    return {
      pos: position,
      create: () => {
        const dom = document.createElement('div')
        dom.className = 'cm-hover'
        const code = document.createElement('code')
        code.textContent = signature
        dom.append(code, description.length === 0 ? '' : `\n${description.join('\n\n').trim()}`)
        return { dom }
      },
    }
  })
}
