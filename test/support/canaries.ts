import { randomUUID } from 'node:crypto'
import {
  getNamedType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
  type GraphQLField,
  type GraphQLInputType,
} from 'graphql'
import { schema } from '../../schema/graphql/index.ts'
import type { RawKey } from './raw-client.ts'

/** An operation of the schema with a marked text in some of its arguments. */
export interface MarkedOperation {
  /** For a failed test: the field, and where the mark is. */
  readonly name: string
  readonly kind: 'query' | 'mutation' | 'subscription'
  readonly query: string
  readonly variables: Record<string, unknown>
}

/**
 * Every operation of the schema: once with the mark in every leaf of its arguments, and once for each leaf with the
 * mark in that one alone and plausible values elsewhere, so that it comes as far as it can.
 *
 * @param plausible values of the scalars that have a form
 */
export function markedOperations(mark: string, plausible: Record<string, unknown>): MarkedOperation[] {
  const roots = [
    ['query', schema.getQueryType()],
    ['mutation', schema.getMutationType()],
    ['subscription', schema.getSubscriptionType()],
  ] as const
  return roots.flatMap(([kind, type]) =>
    Object.values(type?.getFields() ?? {}).flatMap((field) => {
      const query = documentOf(kind, field)
      const leaves = field.args.flatMap((argument) => leavesOf(argument.type, [argument.name]))
      const marked = (isMarked: (path: string) => boolean) =>
        Object.fromEntries(
          field.args.map(({ name, type: argument }) => [
            name,
            valueOf(argument, [name], { mark, plausible, isMarked }),
          ]),
        )
      return [
        { name: `${field.name} everywhere`, kind, query, variables: marked(() => true) },
        ...leaves.map((leaf) => ({
          name: `${field.name} at ${leaf}`,
          kind,
          query,
          variables: marked((path) => path === leaf),
        })),
      ]
    }),
  )
}

/** Plausible values for {@link markedOperations}: a key's public parts, and what it wrapped. */
export function plausibleValues(key: RawKey, jwe: string): Record<string, unknown> {
  return {
    String: 'https://shop.example',
    ID: randomUUID(),
    Int: 1,
    Float: 1,
    Boolean: true,
    DateTime: new Date(Date.now() + 86_400_000).toISOString(),
    JWK: key.signingKey,
    JWE: jwe,
    JWS: 'e30.e30.AAAA',
  }
}

function documentOf(kind: string, { name, args, type }: GraphQLField<unknown, unknown>): string {
  const declared = args.map((argument) => `$${argument.name}: ${argument.type.toString()}`).join(', ')
  const passed = args.map((argument) => `${argument.name}: $${argument.name}`).join(', ')
  const selection = isLeafType(getNamedType(type)) ? '' : ' { __typename }'
  return args.length === 0
    ? `${kind} { ${name}${selection} }`
    : `${kind} (${declared}) { ${name}(${passed})${selection} }`
}

interface ValueOptions {
  readonly mark: string
  readonly plausible: Record<string, unknown>
  readonly isMarked: (path: string) => boolean
}

function valueOf(type: GraphQLInputType, path: readonly string[], options: ValueOptions): unknown {
  if (isNonNullType(type)) return valueOf(type.ofType, path, options)
  if (isListType(type)) return [valueOf(type.ofType, path, options)]
  if (isInputObjectType(type)) {
    return Object.fromEntries(
      Object.values(type.getFields()).map((field) => [
        field.name,
        valueOf(field.type, [...path, field.name], options),
      ]),
    )
  }
  if (options.isMarked(path.join('.'))) {
    return type.name === 'JWK'
      ? { kty: 'OKP', crv: 'Ed25519', x: options.mark, d: options.mark }
      : options.mark
  }
  return isEnumType(type) ? type.getValues()[0]?.name : options.plausible[type.name]
}

function leavesOf(type: GraphQLInputType, path: readonly string[]): string[] {
  if (isNonNullType(type) || isListType(type)) return leavesOf(type.ofType, path)
  return isInputObjectType(type)
    ? Object.values(type.getFields()).flatMap((field) => leavesOf(field.type, [...path, field.name]))
    : [path.join('.')]
}
