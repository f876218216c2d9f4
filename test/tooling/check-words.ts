import { globSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { findRetiredWords } from './retired-words.ts'

/*
 * Fails when a retired word or phrase stands in code, documents or texts of the CLI. Part of `npm run lint`.
 * `--shrink` takes files without any off words-to-mend.txt, and puts none on it.
 */

const root = fileURLToPath(new URL('../../', import.meta.url))
const folders = '{.ci,.github,bench,client,deploy,docs,examples,schema,server,test}'
const files = globSync(
  [`${folders}/**/*.{ts,js,md,graphql,yml,yaml,conf,cfg,service}`, '*.{ts,js,md}', 'schema/functions/*.sql'],
  {
    cwd: root,
    exclude: (name) => ['node_modules', 'dist', 'migrations'].includes(name),
  },
).filter((file) => !/^test\/tooling\/retired-words(?:\.test)?\.ts$/.test(file))
if (files.length < 600) throw new Error(`Only ${String(files.length)} files were found to check.`)

/** Files that still have such words, one a line. The list only shrinks: a file on it without any fails too. */
const list = `${root}test/tooling/words-to-mend.txt`
const listed = (await readFile(list, 'utf8')).split('\n').filter((file) => file !== '')
const unmended = new Set<string>()

for (const file of files.sort()) {
  const found = findRetiredWords(withoutTestNames(await readFile(`${root}${file}`, 'utf8')))
  if (found.length > 0 && listed.includes(file)) unmended.add(file)
  else
    for (const { line, found: word, instead } of found) {
      report(`${file}:${String(line)}: "${word}" is retired; say: ${instead}`)
    }
}
const mended = listed.filter((file) => !unmended.has(file))
if (process.argv.includes('--shrink')) {
  await writeFile(
    list,
    listed
      .filter((file) => unmended.has(file))
      .map((file) => `${file}\n`)
      .join(''),
  )
} else if (mended.length > 0) {
  report(`No retired word is left in ${mended.join(', ')}: run node test/tooling/check-words.ts --shrink`)
}

function report(finding: string): void {
  process.stderr.write(`${finding}\n`)
  process.exitCode = 1
}

/** Without quoted names of tests, which are checked where they stand: `folder/file › name`. */
function withoutTestNames(text: string): string {
  return text.replaceAll(/`[\w/-]+\s+›\s+[^`]+`/g, (name) => name.replaceAll(/[^\n]/g, ' '))
}
