/** The exit codes of the process. Scripts rely on them: docs/cli.md lists them. */
export const exitCodes = {
  ok: 0,
  /** The answer is no: the key is not valid, or the key server refused. */
  no: 1,
  usage: 2,
  keystore: 3,
  /** There is no answer: not a yes, and not a no either. */
  noAnswer: 4,
  /** sysexits.h EX_SOFTWARE. */
  internal: 70,
  /** 128 + SIGINT, as a shell reports it. */
  interrupted: 130,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** For the help. */
export const exitCodeHelp = `
Exit codes:
  0   done; for verify: the public key is valid
  1   the answer is no: the public key is not valid, or the key server refused
  2   wrong usage
  3   no management key in the keystore, or it cannot be opened
  4   no answer: the key server cannot be reached, or cannot answer now
  70  a fault of this program, or its output cannot be written
  130 interrupted at a question`
