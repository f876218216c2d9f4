import { OperationTypeNode, type ExecutionArgs } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { LRUCache } from 'lru-cache'
import { isIntrospection } from './introspection-depths.ts'
import { collectFields, findOperation, fragmentsOf } from './operation-fields.ts'

/** All cached answers and their requests together have at most this: some 20 answers to the usual query. */
const charactersMax = 4 * 1024 * 1024
/** Longer than the queries of tools. */
const requestCharactersMax = 16 * 1024

/**
 * Answers introspection queries, whose answers never change, from a cache: by the document's text, the operation's name and
 * the variables. Operations that select anything else are not cached.
 */
export function useIntrospectionCache(): Plugin {
  const answers = new LRUCache<string, object>({
    maxSize: charactersMax,
    sizeCalculation: (data, request) => request.length + JSON.stringify(data).length,
  })
  return {
    onExecute({ args, executeFn, setExecuteFn }) {
      const request = requestOf(args)
      if (request === null) return
      setExecuteFn(async (executed: ExecutionArgs) => {
        const known = answers.get(request)
        if (known !== undefined) return { data: known }
        const result: unknown = await executeFn(executed)
        if (isWhole(result)) answers.set(request, result.data)
        return result
      })
    },
  }
}

/** The cache key of the answer; null when the query selects more than introspection, or is too long to be cached. */
function requestOf({ document, operationName, variableValues }: ExecutionArgs): string | null {
  const operation = findOperation(document, operationName)
  if (operation?.operation !== OperationTypeNode.QUERY) return null
  const fields = collectFields(operation.selectionSet, fragmentsOf(document))
  if (!fields.some(isIntrospection)) return null
  if (!fields.every((field) => isIntrospection(field) || field.name.value === '__typename')) return null
  const text = document.loc?.source.body
  if (text === undefined || text.length > requestCharactersMax) return null
  const request = JSON.stringify([text, operationName, variableValues])
  return request.length > requestCharactersMax ? null : request
}

function isWhole(result: unknown): result is { readonly data: object } {
  const isResult = typeof result === 'object' && result !== null && 'data' in result
  return isResult && !('errors' in result) && typeof result.data === 'object' && result.data !== null
}
