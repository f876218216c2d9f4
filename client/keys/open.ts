import { isSamePublicKey, publicHalfOf, type Secret } from '../crypto/transaction-key.ts'
import { unwrap } from '../crypto/wrap.ts'
import { VaultError } from '../errors.ts'
import type { Session } from '../trust/session.ts'
import { isConfirmed } from '../trust/confirmation.ts'
import { assertAsked, type AskedKey, type DescribedTransactionKey } from './transaction-key.ts'

/** What `wrappedKey` answers. */
export interface WrappedKey {
  /** The copy that is wrapped for this session's management key. */
  readonly jwe: string
  readonly transactionKey: DescribedTransactionKey
}

/** About keys that other clients stored. */
export interface UncertifiedOptions {
  /**
   * Also uses keys without a certificate, as other clients may store them. Nothing then shows that such a key is the
   * owner's: a key server that lies can have made it. Default: false.
   */
  readonly acceptUncertified?: boolean | undefined
}

/**
 * Opens an acquired copy, and checks that it is the key that was asked for: the owner's certificate says what the key
 * server shows, is not older than one that was seen before, and confirms the secret. Nothing is believed only because it
 * could be opened: anybody can wrap a key for a public wrapping key.
 *
 * @throws {VaultError} KEY_MISMATCH, CERTIFICATE_MISSING, CERTIFICATE_INVALID, UNTRUSTED_MANAGEMENT_KEY, ROLLBACK,
 *   UNWRAP_FAILED. Then there is no key.
 */
export async function openWrappedKey(
  { managementKey, trust }: Pick<Session, 'managementKey' | 'trust'>,
  { jwe, transactionKey }: WrappedKey,
  { asked, acceptUncertified }: UncertifiedOptions & { readonly asked: AskedKey },
): Promise<Secret> {
  assertAsked(transactionKey, asked)
  const certificate = await trust.assertCertified(transactionKey, { acceptUncertified })
  const secret = await unwrap(jwe, { managementKey, expected: transactionKey })
  if (!(await isSamePublicKey(publicHalfOf(secret), transactionKey.publicKey))) {
    throw new VaultError('KEY_MISMATCH', { detail: 'Its public half is not the stored public key.' })
  }
  if (certificate !== null && !(await isConfirmed(certificate, secret))) {
    throw new VaultError('KEY_MISMATCH', { detail: 'It is not the key that its certificate confirms.' })
  }
  return secret
}
