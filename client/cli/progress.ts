import type { Progress, SkippedKey } from '../index.ts'
import { printable, type Output } from './output.ts'

/** Below that it is done before anybody has read a word about it. */
const worthSaying = 200

/** Says on stderr how far a longer work is, at every tenth. */
export function progressNotes(output: Pick<Output, 'note'>): (progress: Progress) => void {
  let said = -1
  return ({ done, total }) => {
    const tenth = Math.floor((done * 10) / Math.max(total, 1))
    if (total < worthSaying || tenth === said) return
    said = tenth
    output.note(`[${'#'.repeat(tenth)}${'.'.repeat(10 - tenth)}] ${done} of ${total} keys`)
  }
}

/** The keys that were left out, and why. */
export function skippedLines(skipped: readonly SkippedKey[]): string[] {
  return skipped.map(
    ({ id, applicationServer, code }) => `Left out: ${id} for ${printable(applicationServer)} (${code})`,
  )
}
