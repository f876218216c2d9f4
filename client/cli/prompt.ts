import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { CliError } from './errors.ts'

const answerWithinMs = 5 * 60_000

/** Whether there is somebody to ask. */
export function isInteractive(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY
}

/** Asks for a line that is not shown while it is typed. */
export function askSecret(question: string): Promise<string> {
  return ask(question, { isSecret: true })
}

/** Asks a question that only `yes` affirms. */
export async function askYes(question: string): Promise<boolean> {
  return (await ask(`${question} Type yes: `, { isSecret: false })).trim() === 'yes'
}

/** @throws {CliError} INTERRUPTED at Ctrl-C, at Ctrl-D, and when nobody answers within five minutes. */
async function ask(question: string, { isSecret }: { readonly isSecret: boolean }): Promise<string> {
  const nowhere = new Writable({
    write: (_chunk, _encoding, done) => {
      done()
    },
  })
  const output = isSecret ? nowhere : process.stderr
  // The reader itself switches the terminal's echo off and on again.
  const reader = createInterface({ input: process.stdin, output, terminal: true, historySize: 0 })
  // Only now, so that nothing is shown of what is typed as soon as it appears.
  if (isSecret) process.stderr.write(question)
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const leave = () => {
    reader.close()
  }
  const timer = setTimeout(leave, answerWithinMs)
  reader.once('SIGINT', leave)
  reader.once('close', () => {
    reject(new CliError('INTERRUPTED', 'The question was not answered.'))
  })
  reader.question(isSecret ? '' : question, resolve)
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    reader.close()
    if (isSecret) process.stderr.write('\n')
  }
}
