import { ClavigerError } from '../schema/wire/claviger-error.ts'

/** The code of a {@link VaultError}. docs/sdk.md says of each what to do. */
export type VaultErrorCode =
  | 'URL_INVALID'
  | 'ADDRESS_MISMATCH'
  | 'ARGUMENT_INVALID'
  | 'RUNTIME_UNSUPPORTED'
  | 'KEYSTORE_EMPTY'
  | 'KEYSTORE_OCCUPIED'
  | 'KEYSTORE_LOCKED'
  | 'KEYSTORE_EXPOSED'
  | 'KEYSTORE_UNREADABLE'
  | 'NETWORK'
  | 'TIMEOUT'
  | 'CLOCKS_DIFFER'
  | 'ANSWER_MALFORMED'
  | 'NO_ACTIVE_KEY'
  | 'UNWRAP_FAILED'
  | 'KEY_MISMATCH'
  | 'ALGORITHM_MISMATCH'
  | 'PUBLIC_KEY_INVALID'
  | 'CERTIFICATE_MISSING'
  | 'CERTIFICATE_INVALID'
  | 'UNTRUSTED_MANAGEMENT_KEY'
  | 'ROLLBACK'
  | 'AUDIT_HEAD_INVALID'
  | 'WRAPPING_MISMATCH'
  | 'PAIRING_CODE_INVALID'
  | 'PAIRING_GONE'
  | 'PAIRING_FORGED'
  | 'PHRASE_INVALID'
  | 'COPIES_MISSING'
  | 'ACCOUNT_NOT_EMPTY'
  | 'BACKUP_UNREADABLE'
  | 'DECRYPT_FAILED'

const meanings: Readonly<Record<VaultErrorCode, string>> = {
  URL_INVALID: 'The URL of a key server is an http or https origin.',
  ADDRESS_MISMATCH: 'The key server does not know itself by this address.',
  ARGUMENT_INVALID: 'An argument is outside its permitted values.',
  RUNTIME_UNSUPPORTED: 'This runtime lacks what the operation needs.',
  KEYSTORE_EMPTY: 'The keystore holds no management key.',
  KEYSTORE_OCCUPIED: 'The keystore already holds another management key.',
  KEYSTORE_LOCKED: 'The keystore is encrypted, and the passphrase or the passkey is missing or wrong.',
  KEYSTORE_EXPOSED: 'The keystore can be read by other users of this machine.',
  KEYSTORE_UNREADABLE: 'The keystore holds something that is not a management key.',
  NETWORK: 'The key server could not be reached.',
  TIMEOUT: 'The key server did not answer in time.',
  CLOCKS_DIFFER: 'Two clocks differ by too much. No request is signed by a wrong clock.',
  ANSWER_MALFORMED: 'The key server answered something that the protocol does not know.',
  NO_ACTIVE_KEY: 'There is no active key for this application server.',
  UNWRAP_FAILED: 'The wrapped key could not be opened with this management key.',
  KEY_MISMATCH: 'The key that came back is not the key that was asked for.',
  ALGORITHM_MISMATCH: 'The key is not of the algorithm that this operation needs.',
  PUBLIC_KEY_INVALID: 'The public key is not acceptable.',
  CERTIFICATE_MISSING: 'The key has no certificate by which its owner says what it is.',
  CERTIFICATE_INVALID: "The key's certificate is invalid, or contradicts the key server.",
  UNTRUSTED_MANAGEMENT_KEY: 'A management key is not endorsed by one that this device trusts.',
  ROLLBACK: 'The key server shows something older than it has shown before.',
  AUDIT_HEAD_INVALID: 'This is not a head of the audit log that the key server signed for this account.',
  WRAPPING_MISMATCH: 'This device wraps keys under a secret of its own, and for no other management key.',
  PAIRING_CODE_INVALID: 'This is not a pairing code.',
  PAIRING_GONE: 'There is no such pairing, or it has expired.',
  PAIRING_FORGED: 'The message through the key server is not from the other device.',
  PHRASE_INVALID: 'These words are not a recovery phrase of this account.',
  COPIES_MISSING: 'Some keys have no copy that could be opened.',
  ACCOUNT_NOT_EMPTY: 'The account has other keys already.',
  BACKUP_UNREADABLE: 'The backup cannot be opened.',
  DECRYPT_FAILED: 'The data could not be decrypted with this key.',
}

/** All codes of {@link VaultError}. */
export const vaultErrorCodes: readonly VaultErrorCode[] = Object.freeze(Object.keys(meanings).filter(isCode))

/**
 * A failure on the owner's side of the wire; what the key server refuses is a `KeyServerError`. Neither its message nor its
 * cause ever contains a key, a JWE, a signature or received bytes.
 */
export class VaultError extends ClavigerError {
  override readonly name = 'VaultError'
  readonly code: VaultErrorCode
  /** With ARGUMENT_INVALID: the argument's name. */
  readonly field: string | undefined

  /** `detail` may name the rule that was broken, or a path on this machine. */
  constructor(
    code: VaultErrorCode,
    { detail, cause, field }: { detail?: string; cause?: unknown; field?: string } = {},
  ) {
    super(
      detail === undefined ? meanings[code] : `${meanings[code]} ${detail}`,
      cause === undefined ? {} : { cause },
    )
    this.code = code
    this.field = field
  }
}

function isCode(text: string): text is VaultErrorCode {
  return Object.hasOwn(meanings, text)
}
