import { KeyServerError } from '../../schema/wire/errors.ts'

/** Whether the key server refused because it does not know the management key, or knows it as revoked. */
export function isUnknownKey(error: unknown): boolean {
  return error instanceof KeyServerError && error.details.reason === 'SIGNATURE_INVALID'
}
