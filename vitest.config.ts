import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { conditions: ['claviger:source'] },
  ssr: { resolve: { conditions: ['claviger:source'] } },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/postgres-cluster.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 30_000,
    // A rejection that nobody awaited is a fault, wherever it happens.
    dangerouslyIgnoreUnhandledErrors: false,
  },
})
