import {
  buildClientSchema,
  getIntrospectionQuery,
  type GraphQLSchema,
  type IntrospectionQuery,
} from 'graphql'
import { useEffect, useState } from 'react'
import type { ViewerVault } from '../../session/access.ts'

/** The schema of this key server, as it describes itself. */
export interface SchemaState {
  /** Null until it is there. */
  readonly schema: GraphQLSchema | null
  /** Why it was not read; null when it was, or while it is read. */
  readonly error: unknown
  readonly reload: () => void
}

export function useSchema(viewer: Pick<ViewerVault, 'graphql'>): SchemaState {
  const [state, setState] = useState<Omit<SchemaState, 'reload'>>({ schema: null, error: null })
  const [attempt, setAttempt] = useState(0)
  useEffect(() => {
    let isWanted = true
    viewer
      .graphql<IntrospectionQuery>(getIntrospectionQuery())
      .then((introspection) => ({ schema: buildClientSchema(introspection), error: null }))
      .catch((error: unknown) => ({ schema: null, error }))
      .then((next) => {
        if (isWanted) setState(next)
      })
      .catch(() => undefined)
    return () => {
      isWanted = false
    }
  }, [viewer, attempt])
  return {
    ...state,
    reload: () => {
      setAttempt((before) => before + 1)
    },
  }
}
