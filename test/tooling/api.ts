/**
 * The public surface of both packages, by API Extractor from the declarations that `tsc -b` has put into dist/.
 *
 * Without arguments it writes the reports in docs/api/ anew. `--check` fails when they differ, or when a public signature
 * mentions a type that cannot be imported. `--declarations client|server` writes one declaration file for each entry
 * into the package's own dist/, free of everything that the entry does not mention.
 */
import { rm } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { apiEntries, extractApi } from './extract-api.ts'

const { values } = parseArgs({
  options: { check: { type: 'boolean', default: false }, declarations: { type: 'string' } },
})

const purpose = values.declarations !== undefined ? 'declarations' : values.check ? 'check' : 'report'
const entries = apiEntries.filter(({ folder }) => folder === (values.declarations ?? folder))
const problems = extractApi(entries, purpose)
await rm(new URL('../../dist/api/', import.meta.url), { recursive: true, force: true })
for (const problem of problems) process.stderr.write(`${problem}\n`)
if (problems.length > 0) process.exitCode = 1
