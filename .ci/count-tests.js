// Names each test that failed, then prints `N passed, N failed` (and `, N skipped` where there are any) for the JSON report of vitest that it is given.
// A test file that could not be loaded, or whose set-up failed, counts as one test that failed.
import { readFileSync } from 'node:fs'
import { relative } from 'node:path'

const report = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const unloaded = report.testResults.filter(
  ({ status, assertionResults }) =>
    status === 'failed' && !assertionResults.some((result) => result.status === 'failed'),
)
const failed = report.numFailedTests + unloaded.length
const skipped = report.numPendingTests + report.numTodoTests

// By name, at the end: the last lines are what is kept of a long run.
for (const { name, assertionResults } of report.testResults) {
  for (const { status, fullName } of assertionResults) {
    if (status === 'failed') process.stdout.write(`FAILED: ${relative(process.cwd(), name)} > ${fullName}\n`)
  }
}
for (const { name } of unloaded) process.stdout.write(`FAILED: ${relative(process.cwd(), name)}\n`)

process.stdout.write(
  `${report.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`,
)
