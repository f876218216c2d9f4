/**
 * Writes the API's types to client/schema.ts, in the form that gql.tada reads, or with --check fails when that file differs.
 * `npm run schema` and `npm run schema:check`.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { minifyIntrospection, preprocessIntrospection } from '@gql.tada/internal'
import { introspectionFromSchema, lexicographicSortSchema } from 'graphql'
import { format, resolveConfig } from 'prettier'
import { schema } from '../../schema/graphql/index.ts'

const file = new URL('../../client/schema.ts', import.meta.url)
const introspection = introspectionFromSchema(lexicographicSortSchema(schema))
const text = `/* Derived from schema/graphql by \`npm run schema\`. Do not edit. */
import type { PublicJwk } from '../schema/wire/keys/jwk.ts'

export type { PublicJwk }

/** The API as types, for \`initGraphQLTada\` of gql.tada: it infers the data and the variables of any document. */
export type Introspection = ${preprocessIntrospection(minifyIntrospection(introspection))}

/** The API's own scalars as JSON has them. */
export interface Scalars {
  /** RFC 3339, in UTC, with milliseconds. */
  DateTime: string
  /** RFC 7516, compact. */
  JWE: string
  JWK: PublicJwk
  /** RFC 7515, compact. */
  JWS: string
}
`
const printed = await format(text, { ...(await resolveConfig(file)), parser: 'typescript' })

if (process.argv.includes('--check')) {
  if ((await readFile(file, 'utf8')) !== printed) {
    process.stderr.write('client/schema.ts is out of date. `npm run schema` mends it.\n')
    process.exitCode = 1
  }
} else {
  await writeFile(file, printed)
}
