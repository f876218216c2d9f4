import { explainStartFailure } from './start-failure.ts'

export interface OperatorCommand<C> {
  readonly usage: string
  /** Null when the arguments are not a known command. */
  readonly parse: (args: string[]) => C | 'help' | null
  readonly run: (command: C) => Promise<void>
}

/** Runs one operator's command of this process: exit code 2 with the usage on stderr for wrong arguments, 1 for a failure. */
export async function runOperatorCommand<C>({ usage, parse, run }: OperatorCommand<C>): Promise<void> {
  const command = parse(process.argv.slice(3))
  if (command === null) {
    process.stderr.write(usage)
    process.exitCode = 2
    return
  }
  if (command === 'help') {
    process.stdout.write(usage)
    return
  }
  try {
    await run(command)
  } catch (error) {
    process.stderr.write(`${explainStartFailure(error)}\n`)
    process.exitCode = 1
  }
}
