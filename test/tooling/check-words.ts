import { globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { findRetiredWords } from './retired-words.ts'

/* Fails when a retired word or phrase stands in code, documents or texts of the CLI. Part of `npm run lint`. */

const root = fileURLToPath(new URL('../../', import.meta.url))
const folders = 'bench,bin,client,docs,examples,schema,server,test,.github'
const files = globSync(
  [`{${folders}}/**/*.{ts,js,md,graphql,yml}`, '*.{ts,js,md}', 'schema/functions/*.sql'],
  {
    cwd: root,
    exclude: (name) => ['node_modules', 'dist', 'migrations'].includes(name),
  },
).filter((file) => !/^test\/tooling\/retired-words(?:\.test)?\.ts$/.test(file))

for (const file of files.sort()) {
  for (const { line, found, instead } of findRetiredWords(await readFile(`${root}${file}`, 'utf8'))) {
    console.error(`${file}:${line}: "${found}" is retired; say: ${instead}`)
    process.exitCode = 1
  }
}
if (files.length < 300) throw new Error(`Only ${files.length} files were found to check.`)
