import { ClavigerError } from '../schema/wire/claviger-error.ts'
import { VaultError } from './errors.ts'

/** The code of a {@link VerifierError}. */
export type VerifierErrorCode =
  | 'URL_INVALID'
  | 'ADDRESS_MISMATCH'
  | 'NETWORK'
  | 'TIMEOUT'
  | 'CLOCKS_DIFFER'
  | 'ANSWER_MALFORMED'
  | 'PUBLIC_KEY_INVALID'
  | 'SIGNING_KEY_INVALID'

/** All codes of {@link VerifierError}. */
export const verifierErrorCodes: readonly VerifierErrorCode[] = Object.freeze([
  'URL_INVALID',
  'ADDRESS_MISMATCH',
  'NETWORK',
  'TIMEOUT',
  'CLOCKS_DIFFER',
  'ANSWER_MALFORMED',
  'PUBLIC_KEY_INVALID',
  'SIGNING_KEY_INVALID',
])

/** A failure on the side of whoever verifies keys; what the key server refuses is a `KeyServerError`. */
export class VerifierError extends ClavigerError {
  override readonly name = 'VerifierError'
  readonly code: VerifierErrorCode

  /** The message names the rule that was broken, and never what was received. */
  constructor(code: VerifierErrorCode, message: string, { cause }: { readonly cause?: unknown } = {}) {
    super(message, cause === undefined ? {} : { cause })
    this.code = code
  }
}

/** Runs `work`. Errors of the transport, which vaults use as well, become a {@link VerifierError}. */
export async function withVerifierErrors<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw asVerifierError(error)
  }
}

/** As {@link withVerifierErrors}, of one error. */
export function asVerifierError(error: unknown): unknown {
  if (!(error instanceof VaultError)) return error
  const code = verifierErrorCodes.find((known) => known === error.code)
  return code === undefined ? error : new VerifierError(code, error.message, { cause: error.cause })
}
