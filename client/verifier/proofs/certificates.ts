import { LRUCache } from 'lru-cache'
import { limits } from '../../../schema/wire/limits.ts'
import { firstMismatchedClaim, type KeyCertificate } from '../../../schema/wire/statements/certificate.ts'
import {
  InvalidStatement,
  parseStatement,
  verifyStatement,
} from '../../../schema/wire/statements/statement.ts'
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
   * The management keys that you know to be this owner's. His keys are believed when one of these has certified them, or
   * endorsed who has, and so on. Null: none is known, and the key server's word is enough; an empty list: nothing is.
   */
  readonly pinsOf: PinsOf
}

/** What the key server shows of the owner's own statements. Nothing of it is to be believed. */
export interface ServedStatements {
  /** JWS `claviger-key+jwt`; null when he sent none. */
  readonly certificate: string | null
  /** JWS `claviger-endorsement+jwt`: of the certificate's signer first, then of who signed this one, and so on. */
  readonly endorsements: readonly string[] | null
  /** JWS `claviger-revocation+jwt`; null when there is none, or it is not revoked. */
  readonly revocation: string | null
}

/**
 * Says what a valid key comes to when its owner's own word is asked for too. Of another key it changes nothing. A key
 * that a pinned owner has signed to be revoked is revoked from then on, whatever the key server says.
 *
 * @throws {VaultError} ANSWER_MALFORMED when the pins can not be read.
 */
export type CertificateChecker = (
  shown: ServedStatements,
  answered: { readonly question: VerificationQuery; readonly standing: CheckedResult },
) => Promise<CheckedResult>

export interface CertificateCheckOptions extends CertificateOptions {
  readonly applicationServer: string
  /** Keys whose newest certificate is remembered. */
  readonly entriesMax: number
  readonly onEvent: EventListener
  /** Milliseconds since 1970. */
  readonly nowMs: () => number
}

/** Checks the certificates of valid keys against what is pinned. */
export function checkCertificates(options: CertificateCheckOptions): CertificateChecker {
  const { onEvent, entriesMax } = options
  const newest = new LRUCache<string, number>({ max: entriesMax })
  const revoked = new LRUCache<string, true>({ max: entriesMax })
  const findVoucher = certificationPathFinder(options)
  return async (shown, answered) => {
    const { standing, question } = answered
    const isAboutRevocation = standing.status === 'valid' || shown.revocation !== null
    if (!isAboutRevocation) return standing
    const pins = await readPins(question.owner, options)
    const context = { ...answered, pins, newest, findVoucher, options }
    const key = keyOf(question.owner, question.thumbprint)
    try {
      if (await isSignedRevocation(shown, context)) revoked.set(key, true)
      if (standing.status !== 'valid') return standing
      if (pins !== null && revoked.has(key)) {
        onEvent({ type: 'answer-refused', detail: 'Its owner has signed that it is revoked.' })
        return { ...standing, status: 'revoked' }
      }
      return await check(shown, context)
    } catch (error) {
      if (!(error instanceof InvalidStatement)) throw error
      onEvent({ type: 'answer-refused', detail: error.message })
      return { ...standing, status: 'uncertified' }
    }
  }
}

interface CheckContext {
  readonly question: VerificationQuery
  readonly standing: CheckedResult
  readonly pins: Pins | null
  /** `iat` of the newest certificate of a pinned owner's key, by owner and key. */
  readonly newest: LRUCache<string, number>
  readonly findVoucher: FindCertificationPath
  readonly options: CertificateCheckOptions
}

/**
 * Whether a pinned owner has signed that the key is revoked. Of others nothing is kept: whoever is not pinned may have signed
 * it himself. What is wrong with a revocation makes it none, for there need not be one.
 */
async function isSignedRevocation(
  { revocation, endorsements }: ServedStatements,
  { question: { owner, thumbprint: presented }, pins, findVoucher, options }: CheckContext,
): Promise<boolean> {
  if (revocation === null || pins === null) return false
  const nowSeconds = options.nowMs() / 1000
  const { applicationServer } = options
  try {
    const { kid } = parseStatement('claviger-revocation+jwt', revocation)
    const voucher = await findVoucher({ owner, kid, endorsements: endorsements ?? [], pins })
    if (voucher === null) return false
    const key = { owner, applicationServer, id: null, thumbprint: presented }
    const signer = { signingKey: voucher.signingKey, revokedAt: null }
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
  const { question, standing, pins, newest } = context
  if (compact === null) {
    if (pins === null) return standing
    throw new InvalidStatement('It has no certificate.')
  }
  const { kid } = parseStatement('claviger-key+jwt', compact)
  const { owner } = question
  const voucher = await context.findVoucher({ owner, kid, endorsements: endorsements ?? [], pins })
  if (voucher === null) return standing
  const { signingKey } = voucher
  const nowSeconds = context.options.nowMs() / 1000
  const certificate = await verifyStatement('claviger-key+jwt', compact, { signingKey, nowSeconds })
  await assertClaims(certificate, context)
  // Who is not pinned may have signed all of this himself, and would only spoil the memory of who will be.
  if (pins !== null) assertNotOlder(certificate, newest)
  // By this machine's clock: `checkedAt` is the key server's word.
  const endsInSeconds = (certificate.exp ?? Infinity) - standing.askedAt.nowMs / 1000
  const changesInSeconds = Math.min(standing.changesInSeconds, endsInSeconds + skewSeconds)
  return { ...standing, changesInSeconds, certifiedBy: voucher.keyIds }
}

const skewSeconds = limits.signatureClockSkewSeconds

/** @throws {InvalidStatement} when the certificate says something else than the answer, or can not be of now. */
async function assertClaims(
  certificate: KeyCertificate,
  { question: { owner, thumbprint: presented }, standing, options }: CheckContext,
): Promise<void> {
  const { notBefore, expiresAt } = standing
  const { applicationServer } = options
  const facts = { owner, applicationServer, notBefore, expiresAt, thumbprint: presented }
  const mismatched = await firstMismatchedClaim(certificate, facts)
  if (mismatched !== null) {
    throw new InvalidStatement(`The answer does not match the claim "${mismatched}" of the certificate.`)
  }
  const now = options.nowMs() / 1000
  if (!isStatePossible('ACTIVE', certificate, now)) {
    throw new InvalidStatement('By its certified term the key can not be valid now.')
  }
}

/** @throws {InvalidStatement} when a younger certificate of the same key was seen. */
function assertNotOlder({ iss, jti, iat }: KeyCertificate, newest: LRUCache<string, number>): void {
  const key = `${iss} ${jti}`
  if (iat < (newest.get(key) ?? 0)) throw new InvalidStatement('A younger certificate was seen before.')
  newest.set(key, iat)
}
