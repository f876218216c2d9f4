import SchemaBuilder from '@pothos/core'
import type { GraphQLContext, Unparsed } from './context.ts'

/** Facts about a root field for the HTTP front, by its `extensions`. */
export interface RootFieldExtensions {
  /** The request must carry a signature: by a management key, or else by what the next members say. */
  readonly signed?: true
  /** It is an application server that signs. */
  readonly byApplicationServer?: true
  /** The key that signed is registered by this very field, and so is unknown before it. */
  readonly registering?: true
  /** The field releases wrapped keys; a request holds one of them at most. */
  readonly acquiring?: true
}

export const signed = { signed: true } as const satisfies RootFieldExtensions
export const signedByApplicationServer = {
  signed: true,
  byApplicationServer: true,
} as const satisfies RootFieldExtensions
export const registering = { signed: true, registering: true } as const satisfies RootFieldExtensions
export const acquiring = { signed: true, acquiring: true } as const satisfies RootFieldExtensions

/** The one Pothos builder. Each file of a noun adds its part to it; index.ts builds the schema. */
export const builder = new SchemaBuilder<{
  Context: GraphQLContext
  DefaultFieldNullability: false
  Scalars: {
    ID: { Input: string; Output: string }
    DateTime: { Input: Unparsed; Output: Date }
    JWK: { Input: Unparsed; Output: object }
    JWE: { Input: Unparsed; Output: string }
    JWS: { Input: Unparsed; Output: string }
  }
}>({ defaultFieldNullability: false })

builder.queryType({})
builder.mutationType({})
builder.subscriptionType({})
