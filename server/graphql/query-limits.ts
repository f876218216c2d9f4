import {
  GraphQLError,
  Kind,
  type ASTNode,
  type ASTVisitor,
  type FragmentDefinitionNode,
  type SelectionSetNode,
  type ValidationContext,
} from 'graphql'
import { aliasInside, introspectionDepths, isIntrospection } from './introspection-depths.ts'
import { collectFields, fragmentsOf, rootFieldExtensions, type Fragments } from './operation-fields.ts'

/** Bounds on the work that one request can ask for. */
export const queryLimits = {
  tokensMax: 1_000,
  depthMax: 8,
  aliasesMax: 15,
  rootFieldsMax: 10,
  acquiringFieldsMax: 1,
  introspectionFieldsMax: 1,
  /** An answer repeats an alias for every item of a list. */
  aliasCharactersMax: 64,
} as const

/** A validation rule that holds every operation of a document to {@link queryLimits}; tokens are held by the parser. */
export function queryLimitsRule(context: ValidationContext): ASTVisitor {
  const fragments = fragmentsOf(context.getDocument())
  let aliases = 0
  return {
    Field: (field) => {
      const { alias } = field
      if (alias === undefined) return
      aliases += 1
      report(field, 'characters of an alias', {
        count: alias.value.length,
        max: queryLimits.aliasCharactersMax,
      })
    },
    OperationDefinition: (operation) => {
      report(operation, 'depth', {
        count: depthOf(operation.selectionSet, fragments),
        max: queryLimits.depthMax,
      })
      const roots = collectFields(operation.selectionSet, fragments)
      report(operation, 'root fields', { count: roots.length, max: queryLimits.rootFieldsMax })
      const introspecting = roots.filter(isIntrospection)
      report(operation, 'fields of introspection', {
        count: introspecting.length,
        max: queryLimits.introspectionFieldsMax,
      })
      for (const field of introspecting) {
        for (const [what, count] of introspectionDepths(field, fragments)) {
          report(field, what, { count, max: what === aliasInside ? 0 : 1 })
        }
      }
      const acquiring = rootFieldExtensions(context.getSchema(), operation, fragments).filter(
        (field) => field.acquiring,
      )
      report(operation, 'acquiring fields', { count: acquiring.length, max: queryLimits.acquiringFieldsMax })
    },
    Document: {
      leave: (document) => {
        report(document, 'aliases', { count: aliases, max: queryLimits.aliasesMax })
      },
    },
  }

  function report(node: ASTNode, what: string, { count, max }: { count: number; max: number }) {
    if (count <= max) return
    context.reportError(
      new GraphQLError(`A request has at most ${String(max)} of ${what}; this one has ${String(count)}.`, {
        nodes: node,
      }),
    )
  }
}

/**
 * How many fields stand inside each other at most. Introspection is not counted: it has a bound of its own. Each fragment is measured once, so that the cost grows with the document's length only.
 */
function depthOf(root: SelectionSetNode, fragments: Fragments): number {
  const measured = new Map<FragmentDefinitionNode, number>()
  return measure(root)

  function measure({ selections }: SelectionSetNode): number {
    let deepest = 0
    for (const selection of selections) {
      let depth = 0
      if (selection.kind === Kind.FIELD) {
        depth = selection.name.value.startsWith('__')
          ? 0
          : 1 + (selection.selectionSet ? measure(selection.selectionSet) : 0)
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        depth = measure(selection.selectionSet)
      } else {
        const fragment = fragments.get(selection.name.value)
        if (fragment !== undefined) depth = measureFragment(fragment)
      }
      deepest = Math.max(deepest, depth)
    }
    return deepest
  }

  function measureFragment(fragment: FragmentDefinitionNode): number {
    const known = measured.get(fragment)
    if (known !== undefined) return known
    // Stands for a fragment inside itself, which another rule refuses.
    measured.set(fragment, 0)
    const depth = measure(fragment.selectionSet)
    measured.set(fragment, depth)
    return depth
  }
}
