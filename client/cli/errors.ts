import { exitCodes, type ExitCode } from './exit-codes.ts'

/** Failures of the command line itself; the SDK's errors have codes of their own. */
export type CliErrorCode =
  | 'USAGE'
  | 'FILE_UNREADABLE'
  | 'FILE_UNWRITABLE'
  | 'FILE_EXISTS'
  | 'NOT_FOUND'
  | 'NOT_CONFIRMED'
  | 'INTERRUPTED'
  | 'OUTPUT_FAILED'

const exitCodeOf: Readonly<Record<CliErrorCode, ExitCode>> = {
  USAGE: exitCodes.usage,
  FILE_UNREADABLE: exitCodes.usage,
  FILE_UNWRITABLE: exitCodes.usage,
  FILE_EXISTS: exitCodes.usage,
  NOT_FOUND: exitCodes.no,
  NOT_CONFIRMED: exitCodes.usage,
  INTERRUPTED: exitCodes.interrupted,
  OUTPUT_FAILED: exitCodes.internal,
}

/** A failure to tell the user about, in one sentence, and in `hint` what to do next. */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly code: CliErrorCode
  readonly hint: string | undefined

  constructor(code: CliErrorCode, message: string, { hint }: { hint?: string } = {}) {
    super(message)
    this.code = code
    this.hint = hint
  }

  get exitCode(): ExitCode {
    return exitCodeOf[this.code]
  }
}

/** The operating system's code of an error, e.g. `ENOENT`; null when it is not from there. */
export function systemCodeOf(error: unknown): string | null {
  const isSystem = error instanceof Error && 'syscall' in error && 'code' in error
  return isSystem && typeof error.code === 'string' ? error.code : null
}
