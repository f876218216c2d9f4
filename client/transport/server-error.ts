import {
  errorCodes,
  KeyServerError,
  quotaNames,
  signatureRefusals,
  type ErrorDetails,
} from '../../schema/wire/errors.ts'
import { VaultError } from '../errors.ts'

const messageCharactersMax = 500

/**
 * The error that a GraphQL error stands for: a {@link KeyServerError} for every code that the protocol defines, and
 * {@link VaultError} ANSWER_MALFORMED for what it does not.
 */
export function toKeyServerError(error: unknown): KeyServerError | VaultError {
  const members = membersOf(error)
  const extensions = membersOf(members.get('extensions'))
  const code = errorCodes.find((known) => known === extensions.get('code'))
  if (code === undefined)
    return new VaultError('ANSWER_MALFORMED', { detail: 'It is an error without a known code.' })
  const message = members.get('message')
  return new KeyServerError(
    code,
    typeof message === 'string' ? message.slice(0, messageCharactersMax) : code,
    detailsOf(extensions),
  )
}

function detailsOf(extensions: ReadonlyMap<string, unknown>): ErrorDetails {
  const reason = signatureRefusals.find((known) => known === extensions.get('reason'))
  const serverTime = extensions.get('serverTime')
  const field = extensions.get('field')
  const quota = quotaNames.find((known) => known === extensions.get('quota'))
  const limit = extensions.get('limit')
  const retryAfterSeconds = extensions.get('retryAfterSeconds')
  return {
    ...(reason !== undefined && { reason }),
    ...(typeof serverTime === 'string' && { serverTime }),
    ...(typeof field === 'string' && { field }),
    ...(quota !== undefined && { quota }),
    ...(typeof limit === 'number' && { limit }),
    ...(typeof retryAfterSeconds === 'number' && { retryAfterSeconds }),
  }
}

function membersOf(value: unknown): ReadonlyMap<string, unknown> {
  return new Map(typeof value === 'object' && value !== null ? Object.entries(value) : [])
}
