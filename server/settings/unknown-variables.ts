import { nearName } from './near-name.ts'
import { settingVariables } from './settings.ts'
import type { Texts } from './sources.ts'

/** A variable that is no setting and looks like one. */
export interface UnknownVariable {
  readonly name: string
  /** The setting that may be meant; null when it only has the prefix `CLAVIGER_`. */
  readonly nearest: string | null
}

const prefix = 'CLAVIGER_'
/** Those of the command line for owners. */
const clientVariables: readonly string[] = ['URL', 'KEYSTORE', 'NO_RECOVERY_WARNING'].map(
  (name) => `${prefix}${name}`,
)

/**
 * The variables of an environment that look like settings and are none: misspelt ones, and those with the prefix
 * `CLAVIGER_`.
 */
export function findUnknownVariables(environment: Texts): UnknownVariable[] {
  return Object.entries(environment).flatMap(([name, text]) => {
    if (text === undefined || text === '') return []
    if (settingVariables.includes(name) || clientVariables.includes(name)) return []
    const bare = name.startsWith(prefix) ? name.slice(prefix.length) : name
    // Only secrets are read from files.
    const setting = bare.replace(/_FILE$/, '')
    const nearest = settingVariables.includes(setting)
      ? setting
      : nearName(bare.toUpperCase(), settingVariables)
    return nearest === null && bare === name ? [] : [{ name, nearest }]
  })
}

/** As a sentence without its end. The variable's value is not in it. */
export function describeUnknownVariable({ name, nearest }: UnknownVariable): string {
  return nearest === null
    ? `${name} is no setting of the key server`
    : `${name} is no setting of the key server: ${nearest} is the nearest`
}
