import type { Command } from 'commander'
import { CliError } from '../errors.ts'

/** The server's own commands, for the help. bin/claviger.js starts them when they are the first word. */
export function addServerCommands(program: Command): void {
  program
    .command('serve')
    .description('run the key server; "claviger serve --help" lists its settings')
    .allowUnknownOption()
    .allowExcessArguments()
    .addHelpText(
      'after',
      `
This needs the package @claviger/server, and with it "claviger serve --help" lists every
setting. Each is an option, and an environment variable, such as:
  --port, PORT                    where to listen; 4000 unless told
  --public-url, PUBLIC_URL        the origins that clients know it by
  --database-url, DATABASE_URL    a PostgreSQL; without it one is started

Example:
  $ PUBLIC_URL=https://keys.example claviger serve --port 8080`,
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
  program
    .command('accounts')
    .description('list, show, suspend, resume or delete accounts, and set their quotas')
    .argument('[list|show|suspend|resume|delete|quota]')
    .allowUnknownOption()
    .allowExcessArguments()
    .action(() => refuse('accounts'))
  program
    .command('invite')
    .description('create, list or revoke invitations to open an account')
    .argument('[create|list|revoke]')
    .allowUnknownOption()
    .allowExcessArguments()
    .action(() => refuse('invite'))
  program
    .command('database')
    .description('back the database up, verify a backup, or restore one')
    .argument('[backup|verify|restore]')
    .allowUnknownOption()
    .allowExcessArguments()
    .action(() => refuse('database'))
  program
    .command('doctor')
    .description('check a configuration and a running server, from both ends')
    .argument('[ORIGIN]')
    .allowUnknownOption()
    .action(() => refuse('doctor'))
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
