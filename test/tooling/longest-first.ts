import { relative } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Folders whose files start processes, or wait, and so take longest. */
const longFolders = ['test/security/', 'test/client/cli/', 'test/e2e/', 'test/faults/', 'test/load/']

/**
 * Begins with the files that take longest, so that none of them is alone at the end: as Vitest remembers it of the run
 * before, or where it remembers nothing, as in CI, by folder and then by size.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isRemembered = (file: TestSpecification) =>
      this.ctx.cache.getTestSpecificationResult(file) !== undefined
    if (sorted.some(isRemembered)) return sorted
    const isLong = ({ moduleId }: TestSpecification) =>
      longFolders.some((folder) => relative(process.cwd(), moduleId).startsWith(folder))
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))]
  }
}
