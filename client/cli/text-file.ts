import { readFile, stat } from 'node:fs/promises'
import { CliError, systemCodeOf } from './errors.ts'

/** Keys and passphrases are far smaller. */
const bytesMax = 64 * 1024

const readWithinMs = 30_000

/**
 * Reads a small text file.
 *
 * @throws {CliError} FILE_UNREADABLE.
 */
export async function readTextFile(path: string): Promise<string> {
  try {
    const { size } = await stat(path)
    if (size > bytesMax) throw tooLarge(path)
    return decode(await readFile(path, { signal: AbortSignal.timeout(readWithinMs) }))
  } catch (error) {
    const isLate = error instanceof Error && error.name === 'AbortError'
    const code = isLate ? 'TIMEOUT' : systemCodeOf(error)
    if (code === null) throw error
    throw new CliError('FILE_UNREADABLE', `The file ${path} cannot be read (${code}).`)
  }
}

/** Without a byte order mark, and in UTF-16 where one says so: PowerShell writes `echo … > FILE` like that. */
function decode(bytes: Uint8Array): string {
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe
  return new TextDecoder(isUtf16 ? 'utf-16le' : 'utf-8').decode(bytes)
}

/**
 * Reads a small text from stdin, to its end.
 *
 * @throws {CliError} FILE_UNREADABLE when it is too long, or does not end within 30 seconds.
 */
export async function readStdin(): Promise<string> {
  const timer = setTimeout(() => {
    process.stdin.destroy(
      new CliError('FILE_UNREADABLE', 'The standard input did not end within 30 seconds.'),
    )
  }, readWithinMs)
  try {
    let text = ''
    for await (const chunk of process.stdin.setEncoding('utf8')) {
      text += String(chunk)
      if (text.length > bytesMax) throw tooLarge('of the standard input')
    }
    return text
  } finally {
    clearTimeout(timer)
  }
}

function tooLarge(path: string): CliError {
  return new CliError('FILE_UNREADABLE', `The file ${path} is larger than ${bytesMax} bytes.`)
}
