import { overusePolicies } from '../../schema/wire/enums.ts'
import { limits } from '../../schema/wire/limits.ts'
import { isTransactionKeyAlgorithm } from '../crypto/transaction-key.ts'
import { VaultError } from '../errors.ts'
import type { Clock } from '../transport/clock.ts'
import type { CreateKeyOptions } from './create.ts'
import type { KeyChanges } from './update.ts'

/** GraphQL's Int. */
const integerMax = 2_147_483_647

/** The terms that are checked before anything is generated or sent. */
type Terms = Pick<CreateKeyOptions, 'algorithm' | 'notBefore' | 'allowExpired'> & KeyChanges

/** @throws {VaultError} ARGUMENT_INVALID, with the field's name, for an invalid name of an application server. */
export function assertApplicationServer(name: unknown): void {
  const isName = typeof name === 'string' && name.length > 0 && name.isWellFormed()
  if (!isName || name.length > limits.applicationServerCharactersMax) {
    const rule = `is a string of 1 to ${String(limits.applicationServerCharactersMax)} characters`
    throw invalid('applicationServer', rule)
  }
}

/** @throws {VaultError} ARGUMENT_INVALID, with the field's name. Nothing is generated or sent then. */
export function assertTerms(terms: Terms, clock: Pick<Clock, 'nowSeconds'>): void {
  const { algorithm, notBefore, expiresAt, maxUses, overusePolicy, expiryNotices } = terms
  if (algorithm !== undefined && !isTransactionKeyAlgorithm(algorithm)) {
    throw invalid('algorithm', 'is one of Ed25519, P-256, X25519 and A256GCM')
  }
  assertDate('notBefore', notBefore)
  assertDate('expiresAt', expiresAt)
  if (expiresAt && notBefore && expiresAt <= notBefore) throw invalid('expiresAt', 'is after notBefore')
  if (expiresAt && terms.allowExpired !== true && expiresAt.getTime() <= clock.nowSeconds() * 1000) {
    throw invalid('expiresAt', 'is in the future, unless allowExpired is true')
  }
  if (maxUses !== undefined && maxUses !== null) assertCount('maxUses', maxUses)
  if (overusePolicy !== undefined && !overusePolicies.some((known) => known === overusePolicy)) {
    throw invalid('overusePolicy', `is one of ${overusePolicies.join(' and ')}`)
  }
  if (expiryNotices === undefined || expiryNotices === null) return
  if (!Array.isArray(expiryNotices) || expiryNotices.length > limits.expiryNoticesMax) {
    throw invalid(
      'expiryNotices',
      `is a list of at most ${String(limits.expiryNoticesMax)} numbers of seconds`,
    )
  }
  for (const seconds of expiryNotices) assertCount('expiryNotices', seconds, limits.expiryNoticeSecondsMax)
}

/** A year after 9999 has no RFC 3339 form. */
function assertDate(field: string, date: unknown): void {
  if (date === undefined || date === null) return
  const year = date instanceof Date ? date.getUTCFullYear() : NaN
  if (!(year >= 1 && year <= 9999)) throw invalid(field, 'is a valid Date of the years 1 to 9999')
}

function assertCount(field: string, count: unknown, max = integerMax): void {
  if (!(typeof count === 'number' && Number.isInteger(count) && count >= 1 && count <= max)) {
    throw invalid(field, `is a whole number from 1 to ${String(max)}`)
  }
}

function invalid(field: string, rule: string): VaultError {
  return new VaultError('ARGUMENT_INVALID', { detail: `${field} ${rule}.`, field })
}
