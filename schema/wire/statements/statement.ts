import { CompactSign, compactVerify } from 'jose'
import { decodeBase64url } from '../base64url.ts'
import { parseCanonicalJsonObject } from '../json-object.ts'
import type { PublicJwk, SigningJwk } from '../keys/jwk.ts'
import { isThumbprint, type Thumbprint } from '../brands.ts'
import { thumbprint } from '../keys/thumbprint.ts'
import { limits } from '../limits.ts'
import { importSigningKey } from '../signatures/http-signature.ts'
import { parseVerificationAnswer, type VerificationAnswer } from './answer.ts'
import { parseAuditHead, type AuditHeadStatement } from './audit-head.ts'
import { parseKeyCertificate, type KeyCertificate } from './certificate.ts'
import { parseEndorsement, type Endorsement, type PossessionProof } from './endorsement.ts'
import { FutureStatement, InvalidStatement } from './invalid-statement.ts'
import { parseKeyPossession, type KeyPossession } from './possession.ts'
import { parseRevocation, type KeyRevocation, type ManagementKeyRevocation } from './revocation.ts'

export { FutureStatement, InvalidStatement } from './invalid-statement.ts'
export type { VerificationAnswer } from './answer.ts'
export type { AuditHeadStatement } from './audit-head.ts'
export type { KeyCertificate } from './certificate.ts'
export type { Endorsement, PossessionProof } from './endorsement.ts'
export type { KeyPossession } from './possession.ts'
export type { KeyRevocation, ManagementKeyRevocation } from './revocation.ts'

/*
 * Signed statements: with them a client need not trust the key server. Each is a compact JWS (RFC 7515 §7.1) of a fixed
 * form: a header of `alg`, `typ` and `kid` and nothing else, and a payload with the claims of its type and nothing else,
 * both in the one canonical serialisation of JSON. The key to verify with is always the caller's; none is taken from the
 * statement. docs/protocol.md specifies the form.
 */

/** The payload of each type of statement. */
export interface StatementPayloads {
  'claviger-key+jwt': KeyCertificate
  'claviger-endorsement+jwt': Endorsement
  'claviger-proof+jwt': PossessionProof
  'claviger-possession+jwt': KeyPossession
  'claviger-revocation+jwt': KeyRevocation | ManagementKeyRevocation
  'claviger-answer+jwt': VerificationAnswer
  'claviger-audit-head+jwt': AuditHeadStatement
}

/** The `typ` of a statement. A statement of one type is never accepted as one of another. */
export type StatementType = keyof StatementPayloads

export type StatementAlgorithm = 'EdDSA' | 'ES256'

/** The key that signs a statement. */
export interface StatementSigner {
  /** A WebCrypto private key, Ed25519 or ECDSA P-256. */
  readonly privateKey: CryptoKey
  /** RFC 7638 thumbprint of its public half. */
  readonly kid: string
  readonly alg: StatementAlgorithm
}

/** The public key that a statement is verified with, and the same key imported when it is already. */
export interface StatementVerifier {
  readonly signingKey: SigningJwk
  readonly cryptoKey?: CryptoKey | undefined
  /** The thumbprint of `signingKey`, when it is known. */
  readonly kid?: string | undefined
}

/** A statement of the right form. Its signature is not verified: see {@link verifyStatement}. */
export interface ParsedStatement<T extends StatementType> {
  /** RFC 7638 thumbprint of the key that it claims to be signed by. */
  readonly kid: Thumbprint
  readonly alg: StatementAlgorithm
  readonly payload: StatementPayloads[T]
}

/** The `alg` that a signing key's type implies. */
export function statementAlgorithmOf(jwk: SigningJwk): StatementAlgorithm {
  return jwk.kty === 'OKP' ? 'EdDSA' : 'ES256'
}

/**
 * Signs a statement. A claim that is undefined is left out.
 *
 * @throws {InvalidStatement} when the payload is not one that verification would accept
 */
export async function signStatement<T extends StatementType>(
  type: T,
  payload: StatementPayloads[T],
  signer: StatementSigner,
): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(payload))
  payloadParsers[type](parseJson(bytes))
  return signBytes(type, bytes, signer)
}

/**
 * Signs the payload of another statement, byte for byte, as a statement of type `type`: the possession proof for an
 * endorsement, or the endorsement for a possession proof.
 *
 * @throws {InvalidStatement} when the payload of the other statement is not one of type `type`
 */
export async function signPayloadOf(
  statement: string,
  type: StatementType,
  signer: StatementSigner,
): Promise<string> {
  const bytes = partsOf(statement, charactersMaxOf(type))[1]
  payloadParsers[type](parseJson(bytes))
  return signBytes(type, bytes, signer)
}

/** Whether two statements, each of the right form, have the same payload, byte for byte. */
export function haveSamePayload(a: string, b: string): boolean {
  // Canonical base64url is equal exactly when its bytes are.
  return a.split('.')[1] === b.split('.')[1]
}

/**
 * Parses a statement without verifying its signature: its `kid` says which key to verify it with.
 *
 * @param options.parseJwk reads the public key of a certificate. Default: {@link parsePublicJwk}
 * @throws {InvalidStatement}
 */
export function parseStatement<T extends StatementType>(
  type: T,
  statement: unknown,
  { parseJwk }: { readonly parseJwk?: (value: unknown) => PublicJwk } = {},
): ParsedStatement<T> {
  const [header, payload, signature] = partsOf(statement, charactersMaxOf(type))
  const { alg, typ, kid, ...others } = parseJson(header)
  if (typ !== type) throw new InvalidStatement(`The "typ" of this statement is "${type}".`)
  if (alg !== 'EdDSA' && alg !== 'ES256') throw new InvalidStatement('"alg" is EdDSA or ES256.')
  if (!isThumbprint(kid)) {
    throw new InvalidStatement('"kid" is the RFC 7638 SHA-256 thumbprint of the signer.')
  }
  if (Object.keys(others).length > 0) {
    throw new InvalidStatement('The header of a statement has the members alg, typ, kid and no other.')
  }
  if (signature.length !== 64) throw new InvalidStatement('The signature of a statement has 64 bytes.')
  return { kid, alg, payload: payloadParsers[type](parseJson(payload), parseJwk) }
}

/**
 * Verifies a statement of type `type` with the public key of its expected signer, and parses it. A statement that is
 * dated ahead is refused: it would stay the newest after all that are signed later. In endorsements and proofs `sub` must
 * be the thumbprint of `cnf.jwk`. All other claims are for the caller to check.
 *
 * @param reader.nowSeconds the reader's clock, Unix seconds
 * @throws {InvalidStatement}; {FutureStatement} when `iat` is more than 30 seconds ahead of the reader's clock
 */
export async function verifyStatement<T extends StatementType>(
  type: T,
  statement: unknown,
  reader: { readonly signingKey: SigningJwk; readonly nowSeconds: number },
): Promise<StatementPayloads[T]> {
  const parsed = parseStatement(type, statement)
  await verifyParsedStatement(String(statement), parsed, reader)
  if (isFromFuture(parsed.payload, reader.nowSeconds)) throw new FutureStatement()
  return parsed.payload
}

/**
 * As {@link verifyStatement}, for a statement that was parsed before. When it is dated is for the caller to check
 * ({@link isFromFuture}).
 *
 * @param compact the statement that `parsed` was parsed from
 * @throws {InvalidStatement}
 */
export async function verifyParsedStatement(
  compact: string,
  { kid, alg, payload }: ParsedStatement<StatementType>,
  { signingKey, cryptoKey, kid: expected }: StatementVerifier,
): Promise<void> {
  if (kid !== (expected ?? (await thumbprint(signingKey)))) {
    throw new InvalidStatement('This statement is not signed by the expected key.')
  }
  const algorithm = statementAlgorithmOf(signingKey)
  if (alg !== algorithm) throw new InvalidStatement('"alg" is the one that the signer\'s key implies.')
  const key = cryptoKey ?? (await importSigningKey(signingKey))
  try {
    await compactVerify(compact, key, { algorithms: [algorithm] })
  } catch {
    // The library's error is dropped: it may quote what was received.
    throw new InvalidStatement('The signature of this statement is wrong.')
  }
  if ('sub' in payload && 'cnf' in payload && payload.sub !== (await thumbprint(payload.cnf.jwk))) {
    throw new InvalidStatement('"sub" is the thumbprint of "cnf.jwk".')
  }
}

/**
 * Whether a statement is dated more than 30 seconds, by which clocks may differ, ahead of the reader's clock in Unix
 * seconds.
 */
export function isFromFuture({ iat }: { readonly iat: number }, nowSeconds: number): boolean {
  return iat > nowSeconds + limits.signatureClockSkewSeconds
}

/** Each parser accepts the claims of its type and no others, and throws {@link InvalidStatement}. */
const payloadParsers: {
  readonly [T in StatementType]: (
    payload: object,
    parseJwk?: (value: unknown) => PublicJwk,
  ) => StatementPayloads[T]
} = {
  'claviger-key+jwt': parseKeyCertificate,
  'claviger-endorsement+jwt': parseEndorsement,
  'claviger-proof+jwt': parseEndorsement,
  'claviger-possession+jwt': parseKeyPossession,
  'claviger-revocation+jwt': parseRevocation,
  'claviger-answer+jwt': parseVerificationAnswer,
  'claviger-audit-head+jwt': parseAuditHead,
}

type Bytes = Uint8Array<ArrayBuffer>

/** Maximum length of a statement in characters. Lists hold hundreds of endorsements and proofs, so these have a lower bound. */
function charactersMaxOf(type: StatementType): number {
  const isOfManagementKey = type === 'claviger-endorsement+jwt' || type === 'claviger-proof+jwt'
  return isOfManagementKey ? limits.endorsementCharactersMax : limits.statementCharactersMax
}

function signBytes(type: StatementType, payload: Bytes, { privateKey, kid, alg }: StatementSigner) {
  return new CompactSign(payload).setProtectedHeader({ alg, typ: type, kid }).sign(privateKey)
}

function partsOf(
  statement: unknown,
  charactersMax: number,
): [header: Bytes, payload: Bytes, signature: Bytes] {
  if (typeof statement !== 'string' || statement.length > charactersMax) {
    throw new InvalidStatement(`This statement is a string of at most ${String(charactersMax)} characters.`)
  }
  const [header, payload, signature, ...others] = statement.split('.').map(decodeBase64url)
  if (!header || !payload || !signature || others.length > 0) {
    throw new InvalidStatement(
      'A statement is a compact JWS: three parts in canonical base64url (RFC 7515 §7.1).',
    )
  }
  return [header, payload, signature]
}

function parseJson(bytes: Bytes): Record<string, unknown> {
  const value = parseCanonicalJsonObject(bytes)
  if (value !== null) return value
  throw new InvalidStatement(
    'Header and payload of a statement are JSON objects in UTF-8, as JSON.stringify writes them.',
  )
}
