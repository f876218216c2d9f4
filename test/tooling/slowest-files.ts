import { relative } from 'node:path'
import type { Reporter, TestModule } from 'vitest/node'

const listedMax = 10

/** A reporter that ends the run with the ten files that took longest, their imports and set-up included. */
export const slowestFiles: Reporter = {
  onTestRunEnd(testModules) {
    const files = testModules.map((testModule) => ({
      name: relative(process.cwd(), testModule.moduleId),
      ms: tookMs(testModule),
    }))
    if (files.length > 1) process.stdout.write(`\nThe slowest files:\n${listSlowest(files)}`)
  },
}

function tookMs(testModule: TestModule): number {
  const took = testModule.diagnostic()
  return (
    took.environmentSetupDuration +
    took.prepareDuration +
    took.setupDuration +
    took.collectDuration +
    took.duration
  )
}

/** A line for each of the ten that took longest, the longest first. */
export function listSlowest(files: readonly { readonly name: string; readonly ms: number }[]): string {
  return files
    .toSorted((one, other) => other.ms - one.ms)
    .slice(0, listedMax)
    .map(({ name, ms }) => `${(ms / 1000).toFixed(1).padStart(7)} s  ${name}\n`)
    .join('')
}
