import { publicHalfOf } from '../crypto/public-half.ts'
import { isSamePublicKey, type Secret } from '../crypto/transaction-key.ts'
import { unwrap } from '../crypto/wrap.ts'
import { VaultError } from '../errors.ts'
import type { Session } from '../trust/session.ts'
import { isConfirmed } from '../trust/confirmation.ts'
import { assertExpected, type ExpectedKey, type DescribedTransactionKey } from './transaction-key.ts'

/** The answer to `wrappedKey`. */
export interface WrappedKey {
  /** Wrapped for this session's management key. */
  readonly jwe: string
  readonly transactionKey: DescribedTransactionKey
}

/** Option for keys that other clients stored. */
export interface UncertifiedOptions {
  /**
   * Also accepts keys without a certificate, as other clients may store them. Nothing proves that such a key is the owner's:
   * a malicious key server can have generated it. Default: false.
   */
  readonly acceptUncertified?: boolean | undefined
}

/**
 * Unwraps an acquired key, and verifies that it is the expected one: its certificate matches the key server's description,
 * is not older than one that was seen before, and confirms the secret. That a key can be unwrapped proves nothing: anybody
 * can wrap a key for a public wrapping key.
 *
 * @throws {VaultError} KEY_MISMATCH, CERTIFICATE_MISSING, CERTIFICATE_INVALID, UNTRUSTED_MANAGEMENT_KEY, ROLLBACK,
 *   UNWRAP_FAILED.
 */
export async function openWrappedKey(
  { managementKey, trust }: Pick<Session, 'managementKey' | 'trust'>,
  { jwe, transactionKey }: WrappedKey,
  { expected, acceptUncertified }: UncertifiedOptions & { readonly expected: ExpectedKey },
): Promise<Secret> {
  assertExpected(transactionKey, expected)
  const certificate = await trust.assertCertified(transactionKey, { acceptUncertified })
  const secret = await unwrap(jwe, { managementKey, expected: transactionKey })
  if (!(await isSamePublicKey(await publicHalfOf(secret), transactionKey.publicKey))) {
    throw new VaultError('KEY_MISMATCH', { detail: 'Its public key is not the described one.' })
  }
  if (certificate !== null && !(await isConfirmed(certificate, secret))) {
    throw new VaultError('KEY_MISMATCH', { detail: 'It does not match its certificate.' })
  }
  return secret
}
