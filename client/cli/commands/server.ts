import type { Command } from 'commander'
import { CliError } from '../errors.ts'

/** The server's own commands, for the help. bin/claviger.js starts them when they are the first word. */
export function addServerCommands(program: Command): void {
  program
    .command('serve')
    .description('run the key server; its settings are environment variables')
    .option('--port <port>', 'where to listen; wins over PORT')
    .option('--host <address>', 'where to listen; wins over HOST')
    .option('--data-dir <directory>', 'where the embedded PostgreSQL keeps its data; wins over DATA_DIR')
    .allowUnknownOption()
    .allowExcessArguments()
    .addHelpText(
      'after',
      `
Its other settings are environment variables, such as:
  HOST, PORT      where to listen; 127.0.0.1 and 4000 unless told
  PUBLIC_URL      the origins that clients know it by
  DATABASE_URL    a PostgreSQL; without it one is started, and keeps its data in DATA_DIR
The README of @claviger/server lists them all.

Example:
  $ PORT=8080 PUBLIC_URL=https://keys.example claviger serve`,
    )
    .action(() => refuse('serve'))
  program
    .command('server-key')
    .description('list, prepare or rotate the keys that sign verification answers')
    .argument('[list|prepare|rotate]')
    .allowUnknownOption()
    .allowExcessArguments()
    .action(() => refuse('server-key'))
  program
    .command('application-server')
    .description('list, approve or remove the keys of application servers')
    .argument('[list|approve|remove]')
    .allowUnknownOption()
    .allowExcessArguments()
    .action(() => refuse('application-server'))
}

function refuse(command: string): never {
  throw new CliError(
    'USAGE',
    `The word "${command}" comes first: the server takes no options of the client.`,
    {
      hint: `Run \`claviger ${command}\`; its settings are environment variables.`,
    },
  )
}
