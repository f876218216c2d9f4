import { limits } from '../../../schema/wire/limits.ts'
import { firstMismatchedClaim, type KeyCertificate } from '../../../schema/wire/statements/certificate.ts'
import {
  InvalidStatement,
  parseStatement,
  verifyStatement,
} from '../../../schema/wire/statements/statement.ts'
import { LruMap } from '../lru-map.ts'
import { isStatePossible } from '../../trust/certificate.ts'
import { verifyKeyRevocation } from '../../trust/revocations.ts'
import type { EventListener } from '../events.ts'
import { readPins, type Pins, type PinsOf } from './pins.ts'
import type { CheckedResult } from '../result.ts'
import { keyOf } from '../cache.ts'
import { certificationPathFinder, type FindCertificationPath } from './certification-path.ts'
import type { VerificationQuery } from '../query.ts'

export interface CertificateOptions {
  /**
   * The management keys that are known to be this owner's. A key of the owner is valid only when a certification path leads
   * from its certificate to one of them. Null: none is known, and the key server's answer suffices; an empty list: none of
   * the owner's keys is valid.
   */
  readonly pinsOf: PinsOf
}

/** The owner's statements as the key server serves them, not verified. */
export interface ServedStatements {
  /** JWS `claviger-key+jwt`; null when the owner stored none. */
  readonly certificate: string | null
  /** JWS `claviger-endorsement+jwt`: that of the certificate's signer first, then that of its endorser, and so on. */
  readonly endorsements: readonly string[] | null
  /** JWS `claviger-revocation+jwt`; null when the key is not revoked, or without a signed revocation. */
  readonly revocation: string | null
}

/**
 * Checks the owner's statements about a key. It only changes the result of a valid key: to `uncertified` or `revoked`. A key
 * whose revocation a pinned owner signed stays revoked, whatever the key server answers later.
 *
 * @throws {VaultError} ANSWER_MALFORMED when the pins cannot be read.
 */
export type CertificateChecker = (
  statements: ServedStatements,
  answered: { readonly query: VerificationQuery; readonly result: CheckedResult },
) => Promise<CheckedResult>

export interface CertificateCheckOptions extends CertificateOptions {
  readonly applicationServer: string
  /** Maximum number of keys whose newest certificate is kept. */
  readonly entriesMax: number
  readonly onEvent: EventListener
  /** Milliseconds since 1970. */
  readonly nowMs: () => number
}

/** Checks the certificates of valid keys against the pins of their owners. */
export function checkCertificates(options: CertificateCheckOptions): CertificateChecker {
  const { onEvent, entriesMax } = options
  const newest = new LruMap<number>({ sizeMax: entriesMax })
  const revoked = new LruMap<true>({ sizeMax: entriesMax })
  const findPath = certificationPathFinder(options)
  return async (statements, answered) => {
    const { result, query } = answered
    if (result.status !== 'valid' && statements.revocation === null) return result
    const pins = await readPins(query.owner, options)
    const context = { ...answered, pins, newest, findPath, options }
    const key = keyOf(query.owner, query.thumbprint)
    try {
      if (await isRevocationSigned(statements, context)) revoked.set(key, true)
      if (result.status !== 'valid') return result
      if (pins !== null && revoked.has(key)) {
        onEvent({ type: 'answer-refused', detail: 'The owner has signed its revocation.' })
        return { ...result, status: 'revoked' }
      }
      return await check(statements, context)
    } catch (error) {
      if (!(error instanceof InvalidStatement)) throw error
      onEvent({ type: 'answer-refused', detail: error.message })
      return { ...result, status: 'uncertified' }
    }
  }
}

interface CheckContext {
  readonly query: VerificationQuery
  readonly result: CheckedResult
  readonly pins: Pins | null
  /** `iat` of the newest certificate of each key of a pinned owner, by owner and key id. */
  readonly newest: LruMap<number>
  readonly findPath: FindCertificationPath
  readonly options: CertificateCheckOptions
}

/**
 * Whether a pinned owner has signed the revocation of the key. Without pins anybody could have signed it, so it does not
 * count. An invalid revocation is ignored: the key server need not serve one.
 */
async function isRevocationSigned(
  { revocation, endorsements }: ServedStatements,
  { query: { owner, thumbprint }, pins, findPath, options }: CheckContext,
): Promise<boolean> {
  if (revocation === null || pins === null) return false
  const nowSeconds = options.nowMs() / 1000
  const { applicationServer } = options
  try {
    const { kid } = parseStatement('claviger-revocation+jwt', revocation)
    const path = await findPath({ owner, kid, endorsements: endorsements ?? [], pins })
    if (path === null) return false
    const key = { owner, applicationServer, id: null, thumbprint }
    const signer = { signingKey: path.signingKey, revokedAt: null }
    await verifyKeyRevocation(revocation, { key, signer, nowSeconds })
    return true
  } catch (error) {
    if (error instanceof InvalidStatement) return false
    throw error
  }
}

/** @throws {InvalidStatement} */
async function check(
  { certificate: compact, endorsements }: ServedStatements,
  context: CheckContext,
): Promise<CheckedResult> {
  const { query, result, pins, newest } = context
  if (compact === null) {
    if (pins === null) return result
    throw new InvalidStatement('The key has no certificate.')
  }
  const { kid } = parseStatement('claviger-key+jwt', compact)
  const { owner } = query
  const path = await context.findPath({ owner, kid, endorsements: endorsements ?? [], pins })
  if (path === null) return result
  const { signingKey } = path
  const nowSeconds = context.options.nowMs() / 1000
  const certificate = await verifyStatement('claviger-key+jwt', compact, { signingKey, nowSeconds })
  await assertClaims(certificate, context)
  // Record `iat` only for pinned owners: an unpinned signer could poison the newest-certificate cache.
  if (pins !== null) assertNotOlder(certificate, newest)
  // By the clock of this machine: the key server could set `checkedAt` back.
  const endsInSeconds = (certificate.exp ?? Infinity) - result.requestedAt.nowMs / 1000
  const changesInSeconds = Math.min(result.changesInSeconds, endsInSeconds + skewSeconds)
  return { ...result, changesInSeconds, certifiedBy: path.keyIds }
}

const skewSeconds = limits.signatureClockSkewSeconds

/** @throws {InvalidStatement} when the certificate does not match the answer, or its term does not include now. */
async function assertClaims(
  certificate: KeyCertificate,
  { query: { owner, thumbprint }, result, options }: CheckContext,
): Promise<void> {
  const { notBefore, expiresAt } = result
  const { applicationServer } = options
  const facts = { owner, applicationServer, notBefore, expiresAt, thumbprint }
  const mismatched = await firstMismatchedClaim(certificate, facts)
  if (mismatched !== null) {
    throw new InvalidStatement(`The answer does not match the claim "${mismatched}" of the certificate.`)
  }
  const now = options.nowMs() / 1000
  if (!isStatePossible('ACTIVE', certificate, now)) {
    throw new InvalidStatement('By its certified term the key cannot be valid now.')
  }
}

/** @throws {InvalidStatement} when a newer certificate of the same key was seen. */
function assertNotOlder({ iss, jti, iat }: KeyCertificate, newest: LruMap<number>): void {
  const key = `${iss} ${jti}`
  if (iat < (newest.get(key) ?? 0)) throw new InvalidStatement('A newer certificate was seen before.')
  newest.set(key, iat)
}
