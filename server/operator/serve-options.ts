import { parseArgs } from 'node:util'

/** The settings that `claviger serve` also takes as options, and their environment variables. */
const variableOf = { port: 'PORT', host: 'HOST', 'data-dir': 'DATA_DIR' } as const

/**
 * The environment with the options of `claviger serve` in it: an option wins over its variable.
 *
 * @throws {TypeError} for an unknown option or argument; the message names it
 */
export function withServeOptions(environment: NodeJS.ProcessEnv, args: readonly string[]): NodeJS.ProcessEnv {
  const { values } = parseArgs({
    args: [...args],
    options: { port: { type: 'string' }, host: { type: 'string' }, 'data-dir': { type: 'string' } },
  })
  return {
    ...environment,
    ...(values.port !== undefined && { [variableOf.port]: values.port }),
    ...(values.host !== undefined && { [variableOf.host]: values.host }),
    ...(values['data-dir'] !== undefined && { [variableOf['data-dir']]: values['data-dir'] }),
  }
}
