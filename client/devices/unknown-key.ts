import { KeyServerError } from '../../schema/wire/errors.ts'

/** Whether the key server refused a request because the management key is unknown or revoked. */
export function isUnknownKey(error: unknown): boolean {
  return error instanceof KeyServerError && error.details.reason === 'SIGNATURE_INVALID'
}
