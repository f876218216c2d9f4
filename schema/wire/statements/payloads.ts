import {
  parsePublicJwk,
  parseSigningJwk,
  parseWrappingJwk,
  type PublicJwk,
  type SigningJwk,
  type WrappingJwk,
} from '../keys/jwk.ts'
import { limits } from '../limits.ts'
import { Claims } from './claims.ts'
import { InvalidStatement } from './invalid-statement.ts'
import {
  managementKeyKinds,
  overusePolicies,
  revocationReasons,
  transactionKeyStates,
  type ManagementKeyKind,
  type OverusePolicy,
  type RevocationReason,
  type TransactionKeyState,
} from '../enums.ts'

/** The owner's own description of a transaction key. Times are Unix seconds. */
export interface KeyCertificate {
  readonly v: 1
  /** The owner's name. */
  readonly iss: string
  /** The application server. */
  readonly aud: string
  /** The transaction key's id. */
  readonly jti: string
  readonly iat: number
  /** `notBefore`, cut to seconds. Absent: the term has no beginning. */
  readonly nbf?: number
  /** `expiresAt`, cut to seconds. Absent: the term has no end. */
  readonly exp?: number
  /** Absent: no limit. */
  readonly max_uses?: number
  /** Absent: NOTIFY. */
  readonly overuse?: OverusePolicy
  /** RFC 7800: the public key, or of a symmetric key the RFC 7638 thumbprint of the oct key. */
  readonly cnf: { readonly jwk: PublicJwk } | { readonly jkt: string }
}

/** Why to trust a management key: who signs it approves of it. */
export interface Endorsement {
  readonly v: 1
  /** The owner's name. */
  readonly iss: string
  /** The endorsed key's id: RFC 7638 thumbprint of `cnf.jwk`. */
  readonly sub: string
  /** Unix seconds. */
  readonly iat: number
  readonly kind: ManagementKeyKind
  readonly cnf: { readonly jwk: SigningJwk }
  /** The key that others wrap to. Absent: it has none. */
  readonly wrap?: WrappingJwk
}

/** The endorsement's payload, the same bytes, signed by the endorsed key itself. */
export type PossessionProof = Endorsement

/** The owner's word that a transaction key is revoked. */
export interface KeyRevocation {
  readonly v: 1
  /** The owner's name. */
  readonly iss: string
  /** The application server. */
  readonly aud: string
  /** The transaction key's id. */
  readonly jti: string
  /** RFC 7638 thumbprint of the key; of a symmetric key, that of the oct key. */
  readonly jkt: string
  /** Unix seconds. */
  readonly iat: number
  readonly reason: RevocationReason
}

/** The owner's word that a management key is revoked, by another one of his. */
export interface ManagementKeyRevocation {
  readonly v: 1
  /** The owner's name. */
  readonly iss: string
  /** The revoked key's id: the RFC 7638 thumbprint of its signing key. */
  readonly sub: string
  /** Unix seconds. */
  readonly iat: number
}

/** The key server's signed answer to a verification. Times are Unix seconds. */
export interface VerificationAnswer {
  readonly v: 1
  /** The key server's public URL. */
  readonly iss: string
  /** The owner's name. */
  readonly sub: string
  /** The application server. */
  readonly aud: string
  /** RFC 7638 thumbprint of the presented key. */
  readonly jkt: string
  readonly coincides: boolean
  readonly valid: boolean
  readonly state?: TransactionKeyState
  /** The key's `notBefore`, cut to seconds. */
  readonly nbf_key?: number
  /** The key's `expiresAt`, cut to seconds. */
  readonly exp_key?: number
  readonly iat: number
  /** At most 5 minutes after `iat`. */
  readonly exp: number
}

/** What each type of statement says. */
export interface StatementPayloads {
  'claviger-key+jwt': KeyCertificate
  'claviger-endorsement+jwt': Endorsement
  'claviger-proof+jwt': PossessionProof
  'claviger-revocation+jwt': KeyRevocation | ManagementKeyRevocation
  'claviger-answer+jwt': VerificationAnswer
}

/** Parsers of the payloads. Each accepts the claims of its type and no others, and throws {@link InvalidStatement}. */
export const payloadParsers: {
  readonly [T in keyof StatementPayloads]: (payload: object) => StatementPayloads[T]
} = {
  'claviger-key+jwt': parseKeyCertificate,
  'claviger-endorsement+jwt': parseEndorsement,
  'claviger-proof+jwt': parseEndorsement,
  'claviger-revocation+jwt': parseRevocation,
  'claviger-answer+jwt': parseVerificationAnswer,
}

function parseKeyCertificate(payload: object): KeyCertificate {
  const claims = new Claims(payload)
  const certificate: KeyCertificate = {
    v: claims.version(),
    iss: claims.text('iss'),
    aud: claims.text('aud'),
    jti: claims.text('jti'),
    iat: claims.time('iat'),
    ...claims.optional('nbf', (name) => claims.time(name)),
    ...claims.optional('exp', (name) => claims.time(name)),
    ...claims.optional('max_uses', (name) => claims.count(name)),
    ...claims.optional('overuse', (name) => claims.oneOf(name, overusePolicies)),
    cnf: parseConfirmation(claims),
  }
  claims.assertNoOthers()
  return certificate
}

function parseConfirmation(claims: Claims): KeyCertificate['cnf'] {
  const confirmation = claims.object('cnf')
  const cnf = confirmation.has('jwk')
    ? { jwk: confirmation.jwk('jwk', parsePublicJwk) }
    : { jkt: confirmation.thumbprint('jkt') }
  confirmation.assertNoOthers()
  return cnf
}

function parseEndorsement(payload: object): Endorsement {
  const claims = new Claims(payload)
  const confirmation = claims.object('cnf')
  const endorsement: Endorsement = {
    v: claims.version(),
    iss: claims.text('iss'),
    sub: claims.thumbprint('sub'),
    iat: claims.time('iat'),
    kind: claims.oneOf('kind', managementKeyKinds),
    cnf: { jwk: confirmation.jwk('jwk', parseSigningJwk) },
    ...claims.optional('wrap', (name) => claims.jwk(name, parseWrappingJwk)),
  }
  confirmation.assertNoOthers()
  claims.assertNoOthers()
  return endorsement
}

function parseRevocation(payload: object): KeyRevocation | ManagementKeyRevocation {
  const claims = new Claims(payload)
  const named = { v: claims.version(), iss: claims.text('iss'), iat: claims.time('iat') }
  const revocation = claims.has('sub')
    ? { ...named, sub: claims.thumbprint('sub') }
    : {
        ...named,
        aud: claims.text('aud'),
        jti: claims.text('jti'),
        jkt: claims.thumbprint('jkt'),
        reason: claims.oneOf('reason', revocationReasons),
      }
  claims.assertNoOthers()
  return revocation
}

function parseVerificationAnswer(payload: object): VerificationAnswer {
  const claims = new Claims(payload)
  const answer: VerificationAnswer = {
    v: claims.version(),
    iss: claims.text('iss'),
    sub: claims.text('sub'),
    aud: claims.text('aud'),
    jkt: claims.thumbprint('jkt'),
    coincides: claims.boolean('coincides'),
    valid: claims.boolean('valid'),
    ...claims.optional('state', (name) => claims.oneOf(name, transactionKeyStates)),
    ...claims.optional('nbf_key', (name) => claims.time(name)),
    ...claims.optional('exp_key', (name) => claims.time(name)),
    iat: claims.time('iat'),
    exp: claims.time('exp'),
  }
  claims.assertNoOthers()
  if (answer.exp < answer.iat || answer.exp - answer.iat > limits.answerSecondsMax) {
    throw new InvalidStatement(`"exp" is at most ${String(limits.answerSecondsMax)} seconds after "iat".`)
  }
  return answer
}
