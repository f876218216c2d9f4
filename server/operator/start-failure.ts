import { InvalidConfig } from '../config.ts'
import { codesOf } from '../database/error-codes.ts'
import { isConnectionLost } from '../database/lost-connection.ts'

/** Why the server did not start, in words for whoever started it, and never with a password. */
export function explainStartFailure(error: unknown): string {
  if (error instanceof InvalidConfig) {
    const { problems } = error
    const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`
    return [`Its configuration has ${count}:`, ...problems.map((line) => `  ${line}`)].join('\n')
  }
  if (!(error instanceof Error)) return String(error)
  const [code] = codesOf(error)
  const words = meanings.get(code ?? '')
  if (words !== undefined) return `${words} (${code ?? ''})`
  if (code === '08P01')
    return `What DATABASE_URL leads through refused the connection: ${messageOf(error)} (${code})`
  if (isConnectionLost(error)) return `The database can not be reached: look at DATABASE_URL. (${code ?? ''})`
  return error.message
}

const meanings = new Map(
  Object.entries({
    EADDRINUSE: 'The port is taken by another program: set PORT to another one.',
    EACCES: 'This user may not listen on the port: set PORT to one above 1023.',
    EADDRNOTAVAIL: 'This machine has no such address: look at HOST.',
    '28P01': 'The database refuses the user or password of DATABASE_URL.',
    '28000': 'The database refuses the user of DATABASE_URL.',
    '3D000': 'The database server has no database of the name in DATABASE_URL.',
    '42501':
      'The user of DATABASE_URL may not do what migrations need: it must own the database or its schema.',
  }),
)

/** The message of the innermost error: others may quote a statement. */
function messageOf(error: Error): string {
  return error.cause instanceof Error ? messageOf(error.cause) : error.message
}
