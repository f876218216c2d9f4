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

/** Bounds on the work of one request. */
export const queryLimits = {
  tokensMax: 1_000,
  depthMax: 8,
  aliasesMax: 15,
  rootFieldsMax: 10,
  acquiringFieldsMax: 1,
  introspectionFieldsMax: 1,
  /** An alias is repeated for every item of a list. */
  aliasCharactersMax: 64,
} as const

/** A validation rule that checks every operation of a document against {@link queryLimits}; the parser checks the tokens. */
export function queryLimitsRule(context: ValidationContext): ASTVisitor {
  const fragments = fragmentsOf(context.getDocument())
  let aliasCount = 0
  return {
    Field: (field) => {
      const { alias } = field
      if (alias === undefined) return
      aliasCount += 1
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
        report(document, 'aliases', { count: aliasCount, max: queryLimits.aliasesMax })
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
 * The greatest depth of nested fields. Introspection is not counted: it has bounds of its own. Each fragment is measured
 * once, so that the cost grows only with the document's length.
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
    // For a fragment that contains itself, which another rule refuses.
    measured.set(fragment, 0)
    const depth = measure(fragment.selectionSet)
    measured.set(fragment, depth)
    return depth
  }
}
