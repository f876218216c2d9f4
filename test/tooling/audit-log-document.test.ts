import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { auditActions } from '../../schema/wire/enums.ts'

const text = await readFile(new URL('../../docs/audit-log.md', import.meta.url), 'utf8')

/** The code block after a comment that names it. */
function blockOf(name: string, document = text): string {
  return new RegExp(`<!-- ${name} -->\n+\`\`\`text\n(.*)\n\`\`\``).exec(document)?.[1] ?? ''
}

const hashOf = (line: string) => createHash('sha256').update(line).digest('hex')

test('docs/audit-log.md has the hash of its example, whose members are in canonical order', () => {
  const line = blockOf('canonical')
  expect(hashOf(line)).toBe(blockOf('hash'))
  const entry: object = JSON.parse(line)
  const sorted = Object.fromEntries(Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : 1)))
  expect(JSON.stringify(sorted)).toBe(line)
})

test('a changed example would have another hash (negative control)', () => {
  const changed = text.replace('"granted":true', '"granted":false')
  expect(hashOf(blockOf('canonical', changed))).not.toBe(blockOf('hash', changed))
})

test('docs/audit-log.md says of each action when it is recorded', () => {
  const documented = [...text.matchAll(/^\| `([A-Z_]+)`/gm)].map(([, action]) => action)
  expect(documented).toEqual([...auditActions])
})
