// Prints `N passed, N failed` (and `, N skipped` where there are any) for the JSON report of vitest that it is given.
// A test file that could not be loaded has no tests, and counts as one that failed.
import { readFileSync } from 'node:fs'

const report = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const unloaded = report.testResults.filter(
  ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
)
const failed = report.numFailedTests + unloaded.length
const skipped = report.numPendingTests + report.numTodoTests

process.stdout.write(
  `${report.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`,
)
