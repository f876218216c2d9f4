import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { notOnCitus } from './test/support/not-on-citus.ts'
import { LongestFirst } from './test/tooling/longest-first.ts'
import { slowestFiles } from './test/tooling/slowest-files.ts'

/**
 * The build of graphql that Node itself resolves. Vite prefers index.mjs beside it, and then our schema and Pothos, which
 * Node loads, have one graphql each: "Cannot use GraphQLObjectType from another module or realm".
 */
const graphql = fileURLToPath(new URL('node_modules/graphql/index.js', import.meta.url))

/** A file for the results, which CI counts. */
const jsonReport = process.env['TEST_REPORT']

/** See test/support/citus.ts. */
const citus = process.env['TEST_CITUS']

export default defineConfig({
  resolve: {
    conditions: ['claviger:source'],
    alias: [{ find: /^graphql$/, replacement: graphql }],
  },
  ssr: { resolve: { conditions: ['claviger:source'] } },
  test: {
    include: citus === 'crash' ? ['test/faults/citus-crash.test.ts'] : ['test/**/*.test.ts'],
    exclude: citus === '1' ? notOnCitus.map(({ files }) => files) : [],
    globalSetup: [
      'test/support/run-directory.ts',
      'test/support/compile-cache.ts',
      'test/support/postgres-cluster.ts',
    ],
    reporters: [
      'default',
      slowestFiles,
      ...(jsonReport === undefined ? [] : [['json', { outputFile: jsonReport }] satisfies [string, object]]),
    ],
    pool: 'forks',
    // A worker evaluates the server, and what it imports, once for all its files: some 0.8 s of a processor.
    isolate: false,
    // More than there are processors: much of a file's time is waiting, for the database, the clock or a process. More than
    // these are no sooner done on two processors, and each step takes longer.
    maxWorkers: 4,
    sequence: { sequencer: LongestFirst },
    // For a busy machine: what hangs is noticed within a minute, and nothing else is waited for.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 30_000 } },
    // A rejection that nobody awaited is a fault, wherever it happens.
    dangerouslyIgnoreUnhandledErrors: false,
  },
})
