import { Command, CommanderError, Option } from 'commander'
import { addAccountCommand } from './commands/account.ts'
import { addAlertsCommand } from './commands/alerts.ts'
import { addAuditCommands } from './commands/audit.ts'
import { addBackupCommands } from './commands/backup.ts'
import { addDeviceCommands } from './commands/device.ts'
import { addInitCommand } from './commands/init.ts'
import { addKeyCommands } from './commands/key.ts'
import { addRecoveryCommands } from './commands/recovery.ts'
import { addServerCommands } from './commands/server.ts'
import { addVerifyCommand } from './commands/verify.ts'
import { addChannelCommands } from './commands/channel.ts'
import { addWebhookCommands } from './commands/webhook.ts'
import { createContext, urlDefault, type Context } from './context.ts'
import { CliError } from './errors.ts'
import { exitCodeHelp, exitCodes, type ExitCode } from './exit-codes.ts'
import { causesOf, failureOf } from './failure.ts'
import { createOutput } from './output.ts'
import { readVersion } from './version.ts'

export interface Runtime {
  /** From now on Ctrl-C and SIGTERM abort this signal, once, instead of ending the process. */
  readonly untilInterrupted: () => AbortSignal
}

/** Runs one command line, without the program's name. Never rejects: what fails is told, and shows in the exit code. */
export async function run(args: readonly string[], { untilInterrupted }: Runtime): Promise<ExitCode> {
  // Also what commander refuses is told as JSON, so this is known before it parses.
  const output = createOutput({ isJson: args.includes('--json') })
  const { program, context } = createCli({ output, untilInterrupted })
  try {
    await program.parseAsync(args, { from: 'user' })
    return context.exitCode
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.ok
    const isHelpShown = error instanceof CommanderError && error.code === 'commander.help'
    if (isHelpShown && !output.isJson) return exitCodes.usage
    const cause = isHelpShown ? new CliError('USAGE', 'A command is missing.') : error
    const failure = failureOf(cause, {
      // Read where a hint names it: a user without a home has none.
      get keystorePath() {
        return context.keystorePath
      },
      url: context.urlContacted,
      command: commandNamed(args, program),
    })
    output.failure(failure)
    if (args.includes('--verbose')) for (const line of causesOf(cause)) output.note(line)
    return failure.exitCode
  }
}

/** The program with all of its commands, and what they work with. */
export function createCli(parts: Pick<Context, 'output' | 'untilInterrupted'>): {
  readonly program: Command
  readonly context: Context
} {
  const program = createProgram({ isQuiet: parts.output.isJson })
  const context = createContext(program, parts)
  addInitCommand(program, context)
  addKeyCommands(program, context)
  addDeviceCommands(program, context)
  addRecoveryCommands(program, context)
  addBackupCommands(program, context)
  addVerifyCommand(program, context)
  addAlertsCommand(program, context)
  addAuditCommands(program, context)
  addWebhookCommands(program, context)
  addChannelCommands(program, context)
  addAccountCommand(program, context)
  addServerCommands(program)
  return { program, context }
}

/** `isQuiet`: help that is shown because a command is missing is not written. */
function createProgram({ isQuiet }: { readonly isQuiet: boolean }): Command {
  return new Command('claviger')
    .description('A zero-knowledge key server: keep one key, and have all others kept for you.')
    .version(readVersion(), '--version', 'print the version')
    .helpOption('--help', 'show help, also for a command')
    .addOption(
      new Option(
        '--url <origin>',
        `the key server (default: the keystore's own; for init and verify ${urlDefault})`,
      ).env('CLAVIGER_URL'),
    )
    .addOption(
      new Option(
        '--keystore <file>',
        'where the management key is (default: claviger/key.json in your configuration directory)',
      ).env('CLAVIGER_KEYSTORE'),
    )
    .option('--passphrase-file <file>', "read the keystore's passphrase from this file instead of asking")
    .option('--verbose', 'say more of what caused an error')
    .option('--json', 'machine-readable results, and errors')
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', `${exitCodeHelp}\n${examples}`)
    .showSuggestionAfterError(true)
    .exitOverride()
    .configureOutput({
      writeErr: (text) => {
        if (!isQuiet) process.stderr.write(text)
      },
      // Every error is told in one place and one form.
      outputError: () => undefined,
    })
}

const examples = `
Examples:
  $ claviger serve
  $ claviger init --owner alice
  $ claviger key create https://shop.example --expires 90d
  $ claviger key get https://shop.example --out shop.jwk
  $ claviger alerts --follow`

/** The command that these arguments mean, as far as they name one: `claviger key create`. */
function commandNamed(args: readonly string[], program: Command): string {
  let command = program
  const names = [program.name()]
  for (const arg of args) {
    const next = command.commands.find((known) => known.name() === arg || known.aliases().includes(arg))
    if (next === undefined) continue
    command = next
    names.push(next.name())
  }
  return names.join(' ')
}
