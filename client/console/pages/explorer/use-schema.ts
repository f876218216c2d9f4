import {
  buildClientSchema,
  getIntrospectionQuery,
  type GraphQLSchema,
  type IntrospectionQuery,
} from 'graphql'
import { useEffect, useState } from 'react'
import type { Operation } from '../../../transport/graphql.ts'
import { unsignedClient } from '../../../transport/unsigned-client.ts'
import { connection } from '../../session/session.ts'

/** The schema of a key server, as it describes itself to everybody. */
export interface SchemaState {
  /** Null until it is there. */
  readonly schema: GraphQLSchema | null
  /** Why it was not read; null when it was, or while it is read. */
  readonly error: unknown
  readonly reload: () => void
}

export function useSchema(url: string): SchemaState {
  const [state, setState] = useState<Omit<SchemaState, 'reload'>>({ schema: null, error: null })
  const [attempt, setAttempt] = useState(0)
  useEffect(() => {
    let isWanted = true
    unsignedClient({ url, fetch: connection.fetch })
      .run(introspection)
      .then((schema) => ({ schema, error: null }))
      .catch((error: unknown) => ({ schema: null, error }))
      .then((next) => {
        if (isWanted) setState(next)
      })
      .catch(() => undefined)
    return () => {
      isWanted = false
    }
  }, [url, attempt])
  return {
    ...state,
    reload: () => {
      setAttempt((before) => before + 1)
    },
  }
}

const introspection: Operation<GraphQLSchema> = {
  kind: 'query',
  document: getIntrospectionQuery(),
  parse: (data) => {
    const described = data.toObject()
    if (!isDescribed(described)) throw new TypeError('The key server does not describe its schema.')
    return buildClientSchema(described)
  },
}

function isDescribed(data: object): data is IntrospectionQuery {
  return '__schema' in data
}
