import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/**
 * The build of graphql that Node itself resolves. Vite prefers index.mjs beside it, and then our schema and Pothos, which
 * Node loads, have one graphql each: "Cannot use GraphQLObjectType from another module or realm".
 */
const graphql = fileURLToPath(new URL('node_modules/graphql/index.js', import.meta.url))

export default defineConfig({
  resolve: {
    conditions: ['claviger:source'],
    alias: [{ find: /^graphql$/, replacement: graphql }],
  },
  ssr: { resolve: { conditions: ['claviger:source'] } },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/compile-cache.ts', 'test/support/postgres-cluster.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 30_000,
    // A rejection that nobody awaited is a fault, wherever it happens.
    dangerouslyIgnoreUnhandledErrors: false,
  },
})
