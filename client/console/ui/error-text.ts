import { KeyServerError, VaultError } from '../../index.ts'
import type { Translator } from '../i18n/translate.ts'
import { errorMessages, unexpectedError } from './errors.messages.ts'

/** The code of what the SDK throws; null for anything else. */
export function errorCodeOf(error: unknown): keyof typeof errorMessages | null {
  // The first of several of one kind says it.
  if (error instanceof AggregateError) return errorCodeOf(error.errors[0])
  return error instanceof VaultError || error instanceof KeyServerError ? error.code : null
}

/** An error in words for the person at the screen. */
export function errorText(error: unknown, { t }: Translator): string {
  const code = errorCodeOf(error)
  return t(code === null ? unexpectedError.text : errorMessages[code])
}
