import { flagOf } from './flags.ts'
import type { SettingHelp } from './setting-help.ts'
import { fileVariable, settingRows } from './settings.ts'

/** The help of `claviger serve`: every setting with its flag, its variable and its default. */
export function serveHelp(): string {
  return `Usage: claviger serve [OPTION]...

Runs the key server until SIGTERM or Ctrl-C. Each option is a setting, and wins over the
environment variable of that name.

${settingRows.map(([name, setting]) => entryOf(name, setting)).join('\n')}

  --check-config
      checks the settings, says what they are and where they come from, and ends: with 0
      when the server would start with them
  --help
      shows this

A secret on a command line can be read by every user of the machine: name a file with
the option or variable of that name that ends in -file or _FILE.

Examples:
  $ claviger serve --port 8080
  $ PUBLIC_URL=https://keys.example DATABASE_URL_FILE=/run/secrets/database-url claviger serve
`
}

function entryOf(name: string, { value, help, otherwise, isSecret = false }: SettingHelp): string {
  const flags = [`${flagOf(name)} ${value}`, ...(isSecret ? [`${flagOf(fileVariable(name))} FILE`] : [])]
  const variables = isSecret ? [name, fileVariable(name)] : [name]
  return [
    `  ${flags.join(', ')}`,
    ...wrap(help),
    ...wrap(`variable: ${variables.join(' or ')}; default: ${otherwise}`),
  ].join('\n')
}

const columns = 88
const indent = ' '.repeat(6)

function wrap(text: string): string[] {
  const lines: string[] = []
  let line = indent
  for (const word of text.split(' ')) {
    if (line.length + word.length >= columns) {
      lines.push(line.trimEnd())
      line = indent
    }
    line += `${word} `
  }
  return [...lines, line.trimEnd()]
}
