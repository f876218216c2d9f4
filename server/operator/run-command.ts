import { failureOf } from './start-failure.ts'

/** The result of a command. */
export interface OperatorResult {
  /** The document that `--json` prints. */
  readonly value: object
  /** The same for people, a line each. */
  readonly lines: readonly string[]
}

export interface OperatorCommand<C> {
  readonly usage: string
  /**
   * Reads the arguments behind the command's name, without `--json`. Null when they are not a known command; may throw
   * parseArgs' errors.
   */
  readonly parse: (args: string[]) => C | 'help' | null
  /** Throws an Error with a message for people. */
  readonly run: (command: C) => Promise<OperatorResult>
}

/**
 * Runs one operator's command of this process: exit code 2 for wrong arguments, 1 for a failure. With `--json` the result is
 * one document on stdout and an error is one line on stderr, in the form that the client's commands have.
 */
export async function runOperatorCommand<C>({ usage, parse, run }: OperatorCommand<C>): Promise<void> {
  const { args, isJson } = withoutJson(process.argv.slice(3))
  const fail = (failure: Failure) => {
    process.exitCode = failure.exitCode
    const text = failure.exitCode === 2 ? `${failure.message}\n\n${usage}` : `${failure.message}\n`
    process.stderr.write(isJson ? `${JSON.stringify({ error: failure })}\n` : text)
  }
  const command = read(args, parse)
  if (command === 'help') process.stdout.write(usage)
  else if ('failure' in command) fail(command.failure)
  else {
    try {
      const { value, lines } = await run(command.parsed)
      process.stdout.write(isJson ? `${JSON.stringify(value, null, 2)}\n` : `${lines.join('\n')}\n`)
    } catch (error) {
      fail({ ...failureOf(error), exitCode: 1 })
    }
  }
}

interface Failure {
  /** `USAGE`, or one of start-failure.ts. */
  readonly code: string
  readonly message: string
  readonly exitCode: 1 | 2
}

function read<C>(
  args: string[],
  parse: OperatorCommand<C>['parse'],
): { readonly parsed: C } | { readonly failure: Failure } | 'help' {
  const wrong = (message: string) => ({ failure: { code: 'USAGE', message, exitCode: 2 } as const })
  try {
    const parsed = parse(args)
    if (parsed === 'help') return 'help'
    if (parsed !== null) return { parsed }
    return wrong(args.length === 0 ? 'A command is missing.' : 'These arguments are not a known command.')
  } catch (error) {
    // The first sentence of parseArgs' message; its advice on positional arguments follows.
    return wrong(
      error instanceof Error ? error.message.replace(/\. To specify a positional.*$/s, '.') : 'USAGE',
    )
  }
}

/** Arguments after `--` are no options. */
function withoutJson(given: readonly string[]): { readonly args: string[]; readonly isJson: boolean } {
  const end = given.includes('--') ? given.indexOf('--') : given.length
  const args = given.filter((text, index) => index >= end || text !== '--json')
  return { args, isJson: args.length < given.length }
}
