/*
 * Strings that were checked, each of a type of its own, so that the id of one thing cannot stand for that of another. The
 * functions below are the only source of these types. At run time each is a plain string.
 */

declare const brand: unique symbol
type Branded<Name extends string> = string & { readonly [brand]: Name }

/** A UUID. */
export type AccountId = Branded<'AccountId'>
/** A UUID. */
export type ApplicationServerId = Branded<'ApplicationServerId'>
/** A UUID in lower case. */
export type TransactionKeyId = Branded<'TransactionKeyId'>
/** RFC 7638 SHA-256 thumbprint in canonical base64url. */
export type Thumbprint = Branded<'Thumbprint'>
/** RFC 7638 thumbprint of a management key's signing key. */
export type ManagementKeyId = Branded<'ManagementKeyId'>
/** RFC 7638 thumbprint of an application server's signing key. */
export type ApplicationServerKeyId = Branded<'ApplicationServerKeyId'>
/** RFC 7516 §7.1, in the form of a wrapped key. */
export type CompactJwe = Branded<'CompactJwe'>

const uuidPattern = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/
/** 32 bytes in base64url: 43 characters, of which the last has 4 significant bits; its other two are zero (RFC 4648 §3.5). */
const thumbprintPattern = /^[\w-]{42}[AEIMQUYcgkosw048]$/
const compactJwePattern = /^[\w-]+\.[\w-]*\.[\w-]+\.[\w-]+\.[\w-]+$/

/** @throws {TypeError} */
export const toAccountId = parserOf(
  (text): text is AccountId => uuidPattern.test(text),
  'the id of an account',
)
/** @throws {TypeError} */
export const toApplicationServerId = parserOf(
  (text): text is ApplicationServerId => uuidPattern.test(text),
  'the id of an application server',
)
/** @throws {TypeError} */
export const toManagementKeyId = parserOf(
  (text): text is ManagementKeyId => thumbprintPattern.test(text),
  'the id of a management key',
)
/** @throws {TypeError} */
export const toApplicationServerKeyId = parserOf(
  (text): text is ApplicationServerKeyId => thumbprintPattern.test(text),
  'the id of a key of an application server',
)
/** @throws {TypeError} */
export const toCompactJwe = parserOf(
  (text): text is CompactJwe => compactJwePattern.test(text),
  'a compact JWE',
)

/** Whether a value has the form of a thumbprint: canonical base64url of 32 bytes. */
export function isThumbprint(value: unknown): value is Thumbprint {
  return typeof value === 'string' && thumbprintPattern.test(value)
}

/** Reads a transaction key's id as a client sent it, in any case. Null when it is malformed. */
export function parseTransactionKeyId(text: string): TransactionKeyId | null {
  const id = text.toLowerCase()
  return isTransactionKeyId(id) ? id : null
}

function isTransactionKeyId(text: string): text is TransactionKeyId {
  return uuidPattern.test(text)
}

/** A parser that never repeats the text in its error. */
function parserOf<Parsed extends string>(
  isParsed: (text: string) => text is Parsed,
  name: string,
): (text: string) => Parsed {
  return (text) => {
    if (!isParsed(text)) throw new TypeError(`This is not ${name}.`)
    return text
  }
}
