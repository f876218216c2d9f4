import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import type { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import { createOutput } from '../../client/cli/output.ts'
import { createCli } from '../../client/cli/program.ts'
import { brokenLinksOf } from '../support/documents.ts'
import { Claviger } from '../client/cli/claviger.ts'

/* docs/cli.md is compared with the program: it has every command and option of it, and no command besides. */

const page = await readFile(new URL('../../docs/cli.md', import.meta.url), 'utf8')
const { program } = createCli({
  output: createOutput({ isJson: false }),
  untilInterrupted: () => new AbortController().signal,
})

interface Documented {
  /** E.g. `key create`. */
  readonly path: string
  /** Its own, without those of every command: `--label`. */
  readonly options: readonly string[]
}

const commands = commandsOf(program)

describe('docs/cli.md', () => {
  test.each(commands)('has $path with its options', ({ path, options }) => {
    expect(missingFrom(page, { path, options })).toEqual([])
  })

  test('has the options of every command in its table', () => {
    const rows = [...page.matchAll(/^\| `(--[^|]*)\|/gm)].map(([row]) => row).join('')
    for (const { long } of program.options) expect(rows).toContain(long)
  })

  test('has no command that there is not', () => {
    const known = new Set([
      ...commands.map(({ path }) => path),
      ...program.commands.map((command) => command.name()),
    ])
    const [, clientPart = ''] = /^## Commands\n(.*?)^## Running/ms.exec(page) ?? []
    const named = [...clientPart.matchAll(/^(?:### |\| )`([a-z]+(?: [a-z]+)?)/gm)].map(
      ([, path = '']) => path,
    )
    expect(named.length).toBeGreaterThan(15)
    for (const path of named) expect(known).toContain(path)
  })

  test.each(['server-key', 'application-server', 'doctor', 'database'])(
    'has %s as its own help has it',
    async (command) => {
      const { code, stdout } = await new Claviger(tmpdir()).run([command, '--help'])
      expect(code).toBe(0)
      const usages = [...stdout.matchAll(/^(?:Usage:| +) ?claviger (.*)$/gm)].map(([, usage = '']) => usage)
      expect(usages.length).toBeGreaterThanOrEqual(2)
      for (const usage of usages) expect(page).toContain(`\`${usage}\``)
    },
  )

  test('links to nothing that there is not', async () => {
    expect(await brokenLinksOf('docs/cli.md')).toEqual([])
  })

  test('names every exit code of the help', () => {
    const codes = [...page.matchAll(/^\| (\d+) /gm)].map(([, code]) => code)
    expect(codes).toEqual(['0', '1', '2', '3', '4', '70', '130'])
  })
})

test('a command or an option that the page does not have is found', () => {
  expect(missingFrom(page, { path: 'key polish', options: [] })).toEqual(['key polish'])
  expect(missingFrom(page, { path: 'key create', options: ['--shiny'] })).toEqual(['key create --shiny'])
  // It belongs to another section, and so not to this one.
  expect(missingFrom(page, { path: 'key destroy', options: ['--owner'] })).toEqual(['key destroy --owner'])
})

/** The parts of a command that the page lacks: its name in code, and each of its options in a section that names it so. */
function missingFrom(text: string, { path, options }: Documented): string[] {
  const name = new RegExp(`\`${path}(?![\\w-])`)
  const sections = text.split(/^(?=##+ )/m).filter((section) => name.test(section))
  if (sections.length === 0) return [path]
  const shown = sections.join('')
  return options
    .filter((option) => !new RegExp(`${option}(?![\\w-])`).test(shown))
    .map((option) => `${path} ${option}`)
}

function commandsOf(command: Command, parents: readonly string[] = []): Documented[] {
  return command.commands.flatMap((child) => {
    const names = [...parents, child.name()]
    const options = child.options.flatMap(({ long }) => long ?? [])
    // A group alone does nothing, and has no options of its own.
    const isGroup = child.commands.length > 0 && options.length === 0
    return [...(isGroup ? [] : [{ path: names.join(' '), options }]), ...commandsOf(child, names)]
  })
}
