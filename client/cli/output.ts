import { styleText } from 'node:util'
import type { Failure } from './failure.ts'

/** Where everything that is said goes: results to stdout, and what is about them to stderr. */
export interface Output {
  readonly isJson: boolean
  /** The one result of a command: a JSON document, or lines for people. */
  result(value: object, lines: readonly string[]): void
  /** One result of several that come one by one: a line of JSON, or one for people. */
  item(value: object, line: string): void
  /** A remark to whoever sits there. Not said with --json. */
  note(text: string): void
  failure(failure: Failure): void
}

export function createOutput({ isJson }: { readonly isJson: boolean }): Output {
  const print = (text: string) => {
    process.stdout.write(`${text}\n`)
  }
  return {
    isJson,
    result: (value, lines) => {
      print(isJson ? JSON.stringify(value, null, 2) : lines.join('\n'))
    },
    item: (value, line) => {
      print(isJson ? JSON.stringify(value) : line)
    },
    note: (text) => {
      if (!isJson) process.stderr.write(`${text}\n`)
    },
    failure: (failure) => {
      process.stderr.write(`${isJson ? failureJson(failure) : failureText(failure)}\n`)
    },
  }
}

/**
 * Text from elsewhere, fit for a terminal: it may hold what moves the cursor, turns the line around, or is not seen.
 */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\u2028\u2029]|(?![\ufe0e\ufe0f])\p{Default_Ignorable_Code_Point}/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  )
}

function failureJson({ code, message, hint, exitCode, details }: Failure): string {
  return JSON.stringify({ error: { code, message, hint, exitCode, ...details } })
}

function failureText({ code, message, hint, details: { field } }: Failure): string {
  const name = styleText('red', 'claviger:', { stream: process.stderr })
  const sentence = `${name} ${printable(message)} (${field === undefined ? code : `${code}: ${printable(field)}`})`
  return hint === undefined ? sentence : `${sentence}\n  ${printable(hint)}`
}
