import { parseArgs } from 'node:util'

/** The settings that `claviger serve` also takes as options, and their environment variables. */
const variableOf = { port: 'PORT', host: 'HOST', 'data-dir': 'DATA_DIR' } as const

/**
 * The options of `claviger serve`, by the environment variables that they win over.
 *
 * @throws {TypeError} for an unknown option or argument; the message names it
 */
export function parseServeOptions(args: readonly string[]): Readonly<Record<string, string>> {
  const { values } = parseArgs({
    args: [...args],
    options: { port: { type: 'string' }, host: { type: 'string' }, 'data-dir': { type: 'string' } },
  })
  return {
    ...(values.port !== undefined && { [variableOf.port]: values.port }),
    ...(values.host !== undefined && { [variableOf.host]: values.host }),
    ...(values['data-dir'] !== undefined && { [variableOf['data-dir']]: values['data-dir'] }),
  }
}
