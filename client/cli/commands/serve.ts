import type { Command } from 'commander'
import { CliError } from '../errors.ts'

/** `claviger serve` in the help. The command itself is the server's, and bin/claviger.js starts it. */
export function addServeCommand(program: Command): void {
  program
    .command('serve')
    .description('run the key server; its settings are environment variables')
    .allowUnknownOption()
    .allowExcessArguments()
    .addHelpText(
      'after',
      `
It takes no options but environment variables, such as:
  HOST, PORT      where to listen; 127.0.0.1 and 4000 unless told
  PUBLIC_URL      the origins that clients know it by
  DATABASE_URL    a PostgreSQL; without it one is started, and keeps its data in DATA_DIR
README.md lists them all.

Example:
  $ PORT=8080 PUBLIC_URL=https://keys.example claviger serve`,
    )
    .action(() => {
      throw new CliError(
        'USAGE',
        'The word "serve" comes first: the server takes no options of the client.',
        {
          hint: 'Run `claviger serve`; its settings are environment variables.',
        },
      )
    })
}
