/**
 * The base of every error that Claviger throws on purpose. `code` never changes its meaning, and the message is for people:
 * neither it nor `cause` ever contains a key, a JWE, a signature or received bytes.
 */
export abstract class ClavigerError extends Error {
  abstract readonly code: string
}
