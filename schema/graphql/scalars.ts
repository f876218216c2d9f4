import { GraphQLScalarType, valueFromASTUntyped } from 'graphql'
import { builder } from './builder.ts'

/*
 * Inputs pass through as they came: the port behind the resolver parses them, because only there the refusal can name
 * the argument's path, and because graphql-js would quote a refused value in its message.
 */
const passThrough = {
  parseValue: (value: unknown) => value,
  parseLiteral: valueFromASTUntyped,
}

builder.addScalarType(
  'DateTime',
  new GraphQLScalarType({
    name: 'DateTime',
    description: 'RFC 3339 instant in UTC with millisecond precision, e.g. 2026-11-23T06:21:00.000Z.',
    serialize: (value) => (value instanceof Date ? value.toISOString() : String(value)),
    ...passThrough,
  }),
)

builder.addScalarType(
  'JWK',
  new GraphQLScalarType({
    name: 'JWK',
    description:
      'A public key as an RFC 7517 JSON Web Key. Any private member (d, p, q, dp, dq, qi, oth, k, priv) is refused.',
    serialize: (value) => value,
    ...passThrough,
  }),
)

builder.addScalarType(
  'JWE',
  new GraphQLScalarType({
    name: 'JWE',
    description:
      "A wrapped key: RFC 7516 JWE, compact serialization, at most 16 KiB. Its header's kid is the management key it is wrapped for, its cty is jwk+json. The server cannot open it.",
    serialize: (value) => value,
    ...passThrough,
  }),
)

builder.addScalarType(
  'JWS',
  new GraphQLScalarType({
    name: 'JWS',
    description: 'A signed statement: RFC 7515 JWS, compact serialization.',
    serialize: (value) => value,
    ...passThrough,
  }),
)
