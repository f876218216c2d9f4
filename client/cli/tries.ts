import { isInteractive } from './prompt.ts'

const triesMax = 3

/**
 * Repeats what asks a person while the answer is wrong, three times in all. A file or a pipe says the same again, so there it
 * is done once.
 *
 * @param isAsked whether the answer is typed; also nobody is asked without a terminal.
 */
export async function withTries<T>(
  attempt: () => Promise<T>,
  { isAsked, isWrong }: { readonly isAsked: boolean; readonly isWrong: (error: unknown) => boolean },
): Promise<T> {
  const tries = isAsked && isInteractive() ? triesMax : 1
  for (let left = tries - 1; ; left -= 1) {
    try {
      return await attempt()
    } catch (error) {
      if (left === 0 || !(error instanceof Error) || !isWrong(error)) throw error
      process.stderr.write(`${error.message} Try again.\n`)
    }
  }
}

/** Tells errors of these codes. */
export function hasCode(...codes: readonly string[]): (error: unknown) => boolean {
  return (error) => error instanceof Error && 'code' in error && codes.some((code) => code === error.code)
}
