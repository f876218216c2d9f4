// Names each test that failed, with the beginning of its error, then prints `N passed, N failed` (and `, N skipped` where there are any) for the JSON report of vitest that it is given.
// A test file that could not be loaded, or whose set-up failed, counts as one test that failed.
import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

const linesOfError = 12

const report = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const unloaded = report.testResults.filter(
  ({ status, assertionResults }) =>
    status === 'failed' && !assertionResults.some((result) => result.status === 'failed'),
)
const failed = report.numFailedTests + unloaded.length
const skipped = report.numPendingTests + report.numTodoTests

// At the end: the last lines are what is kept of a long run.
for (const { name, assertionResults } of report.testResults) {
  for (const { status, fullName, failureMessages } of assertionResults) {
    if (status === 'failed') tell(`${relative(process.cwd(), name)} > ${fullName}`, failureMessages)
  }
}
for (const { name, message } of unloaded) tell(relative(process.cwd(), name), [message])

process.stdout.write(
  `${report.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`,
)

/** @param {string} what @param {string[]} errors */
function tell(what, errors) {
  process.stdout.write(`FAILED: ${what}\n`)
  const lines = errors.flatMap((error) => stripVTControlCharacters(error).split('\n').slice(0, linesOfError))
  for (const line of lines) process.stdout.write(`    ${line}\n`)
}
