import { parseArgs } from 'node:util'
import { nearName } from './near-name.ts'
import { settingVariables } from './settings.ts'
import type { Texts } from './sources.ts'

/** The arguments of `claviger serve`. */
export interface ServeFlags {
  /** Settings by the names of their variables, `NAME_FILE` too. */
  readonly settings: Texts
  /** Only check the settings, and say what they are. */
  readonly checksConfig: boolean
}

/** The flag of a variable: `--data-dir` of `DATA_DIR`. */
export function flagOf(variable: string): string {
  return `--${bareFlag(variable)}`
}

const checkConfig = 'check-config'

/**
 * The flags of `claviger serve`.
 *
 * @throws {TypeError} for an unknown flag or argument; the message names it, and the flag that it may mean
 */
export function parseServeFlags(args: readonly string[]): ServeFlags {
  const names = settingVariables.map(bareFlag)
  const { values, tokens } = parseArgs({
    args: [...args],
    strict: false,
    tokens: true,
    options: {
      ...Object.fromEntries(names.map((name) => [name, { type: 'string' } as const])),
      [checkConfig]: { type: 'boolean' },
    },
  })
  for (const token of tokens) {
    if (token.kind === 'positional')
      throw new TypeError(`"claviger serve" takes no argument "${token.value}".`)
    if (token.kind === 'option') refuseUnknown(token.name, [...names, checkConfig])
  }
  const settings = settingVariables.flatMap((variable) => {
    const value = values[bareFlag(variable)]
    if (value === undefined) return []
    if (typeof value !== 'string') throw new TypeError(`The option ${flagOf(variable)} needs a value.`)
    return [[variable, value] as const]
  })
  return { settings: Object.fromEntries(settings), checksConfig: values[checkConfig] === true }
}

function refuseUnknown(name: string, known: readonly string[]): void {
  if (known.includes(name)) return
  const nearest = nearName(name, known)
  const hint = nearest === null ? '' : ` Do you mean --${nearest}?`
  throw new TypeError(`"claviger serve" has no option ${name.length === 1 ? '-' : '--'}${name}.${hint}`)
}

function bareFlag(variable: string): string {
  return variable.toLowerCase().replaceAll('_', '-')
}
