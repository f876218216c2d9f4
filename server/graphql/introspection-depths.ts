import { Kind, type FieldNode, type FragmentDefinitionNode, type SelectionSetNode } from 'graphql'
import type { Fragments } from './operation-fields.ts'

/** Stands among {@link introspectionDepths} for fields with an alias. */
export const aliasInside = 'aliases inside introspection'

type Depths = ReadonlyMap<string, number>

/** Fields of the introspection types that are lists, each by how a refusal names it. */
const lists: ReadonlyMap<string, string> = new Map(
  ['types', 'directives', 'fields', 'inputFields', 'args', 'enumValues', 'interfaces', 'possibleTypes'].map(
    (name) => [name, `"${name}" inside each other`],
  ),
)

/** Whether a root field asks for the schema. */
export function isIntrospection({ name }: FieldNode): boolean {
  return name.value === '__schema' || name.value === '__type'
}

/**
 * How often each list of the introspection types stands inside itself below a field, and whether a field there has an
 * alias. Tools need each list once on a way and no alias; the answer grows by the length of a list with each further one.
 * Each fragment is measured once.
 */
export function introspectionDepths(field: FieldNode, fragments: Fragments): Depths {
  const measured = new Map<FragmentDefinitionNode, Depths>()
  return field.selectionSet === undefined ? new Map() : measure(field.selectionSet)

  function measure({ selections }: SelectionSetNode): Depths {
    const deepest = new Map<string, number>()
    for (const selection of selections) {
      let depths: Depths
      if (selection.kind === Kind.FIELD) {
        depths = measureField(selection)
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        depths = measure(selection.selectionSet)
      } else {
        depths = measureFragment(fragments.get(selection.name.value))
      }
      for (const [what, depth] of depths) deepest.set(what, Math.max(depth, deepest.get(what) ?? 0))
    }
    return deepest
  }

  function measureField({ name, alias, selectionSet }: FieldNode): Depths {
    const depths = new Map(selectionSet && measure(selectionSet))
    const list = lists.get(name.value)
    if (list !== undefined) depths.set(list, (depths.get(list) ?? 0) + 1)
    if (alias !== undefined) depths.set(aliasInside, 1)
    return depths
  }

  function measureFragment(fragment: FragmentDefinitionNode | undefined): Depths {
    if (fragment === undefined) return new Map()
    const known = measured.get(fragment)
    if (known !== undefined) return known
    // Stands for a fragment inside itself, which another rule refuses.
    measured.set(fragment, new Map())
    const depths = measure(fragment.selectionSet)
    measured.set(fragment, depths)
    return depths
  }
}
