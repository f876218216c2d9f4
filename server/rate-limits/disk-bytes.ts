/**
 * The bytes of disk that a request fills beside those of its body, in tables and indexes together: measured, and rounded up.
 */
export const diskBytes = {
  /** The nonce of a signed request, for some minutes. */
  signedRequest: 512,
  /** A change of an account, of which one request may make several: its row anew, its entry in the audit log. */
  change: 1_024,
  /** The rows of a new account, or of an application server's key. */
  registration: 1_536,
  /** The rows of a pairing, for some minutes. */
  pairing: 1_024,
  /** An acquired key, in the audit log and for repetitions. */
  acquisition: 512,
} as const
