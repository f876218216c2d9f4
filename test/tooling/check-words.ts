import { globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { findRetiredWords } from './retired-words.ts'

/*
 * Fails when a retired word or phrase stands in code, documents or texts of the CLI. Part of `npm run lint`.
 */

const root = fileURLToPath(new URL('../../', import.meta.url))
const folders = '{.ci,.github,bench,client,deploy,docs,examples,schema,server,test}'
const files = globSync(
  [
    `${folders}/**/*.{ts,tsx,js,md,graphql,yml,yaml,conf,cfg,service}`,
    '*.{ts,js,md}',
    'schema/functions/*.sql',
  ],
  {
    cwd: root,
    exclude: (name) => ['node_modules', 'dist', 'migrations'].includes(name),
  },
).filter((file) => !/^test\/tooling\/retired-words(?:\.test)?\.ts$/.test(file))
if (files.length < 600) throw new Error(`Only ${String(files.length)} files were found to check.`)

for (const file of files.sort()) {
  for (const { line, found, instead } of findRetiredWords(
    withoutTestNames(await readFile(`${root}${file}`, 'utf8')),
  )) {
    report(`${file}:${String(line)}: "${found}" is retired; say: ${instead}`)
  }
}

function report(finding: string): void {
  process.stderr.write(`${finding}\n`)
  process.exitCode = 1
}

/** Without quoted names of tests, which are checked where they stand: `folder/file › name`. */
function withoutTestNames(text: string): string {
  return text.replaceAll(/`[\w/-]+\s+›\s+[^`]+`/g, (name) => name.replaceAll(/[^\n]/g, ' '))
}
