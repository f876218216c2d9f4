import { LRUCache } from 'lru-cache'
import { decodeBase64url } from '../../schema/wire/base64url.ts'
import { parseSigningJwk, thumbprint } from '../../schema/wire/jwk.ts'
import {
  InvalidStatement,
  parseStatement,
  verifyStatement,
  type KeyCertificate,
} from '../../schema/wire/statements.ts'
import { VaultError } from '../errors.ts'
import { claimsOf, isStatePossible } from '../trust/certificate.ts'
import { followEndorsements, type ListedManagementKey } from '../trust/chain.ts'
import type { Question } from './ask.ts'
import type { EventListener } from './events.ts'
import type { AnsweredStanding } from './standing.ts'

/** A management key that is known to be an owner's: its id (RFC 7638 thumbprint), or its public signing key as a JWK. */
export type Pin = string | object

export interface CertificateOptions {
  /**
   * The management keys that you know to be this owner's. His keys are believed when one of these has certified them, or
   * endorsed who has, and so on. Null: none is known, and the key server's word is enough; an empty list: nothing is.
   */
  readonly pinsOf: (owner: string) => readonly Pin[] | null | Promise<readonly Pin[] | null>
}

/** What the key server shows of the owner's own statements. Nothing of it is to be believed. */
export interface ShownStatements {
  /** JWS `claviger-key+jwt`; null when he sent none. */
  readonly certificate: string | null
  /** JWS `claviger-endorsement+jwt`: of the certificate's signer first, then of who signed this one, and so on. */
  readonly endorsements: readonly string[] | null
}

/** Says what a valid key comes to when its owner's own word is asked for too. Of another key it changes nothing. */
export type CertificateChecker = (
  shown: ShownStatements,
  answered: { readonly question: Question; readonly standing: AnsweredStanding },
) => Promise<AnsweredStanding>

export interface CertificateCheckOptions extends CertificateOptions {
  readonly applicationServer: string
  /** Certificates whose age is remembered. */
  readonly entriesMax: number
  readonly onEvent: EventListener
  /** Milliseconds since 1970. */
  readonly nowMs: () => number
}

/**
 * Checks the certificates of valid keys against what is pinned.
 *
 * @returns a checker that throws {VaultError} ANSWER_MALFORMED when the pins can not be read
 */
export function checkCertificates(options: CertificateCheckOptions): CertificateChecker {
  const { onEvent, entriesMax } = options
  const newest = new LRUCache<string, number>({ max: entriesMax })
  return async (shown, { question, standing }) => {
    if (standing.reason !== 'valid') return standing
    const pins = await readPins(question.owner, options)
    try {
      const checked = await check(shown, { question, standing, pins, options })
      if (checked === null) return standing
      const { certificate, path } = checked
      assertNotOlder(certificate, newest)
      return { ...standing, certifiedBy: path }
    } catch (error) {
      if (!(error instanceof InvalidStatement)) throw error
      onEvent({ type: 'answer-refused', detail: error.message })
      return { ...standing, reason: 'uncertified' }
    }
  }
}

/** By id; null for a key of which only the id is known. */
type Pins = ReadonlyMap<string, ListedManagementKey | null>

interface Checked {
  readonly certificate: KeyCertificate
  /** Ids of management keys: the certificate's signer, who endorsed it, and so on to one that is pinned, or the last. */
  readonly path: readonly string[]
}

/** Null when there is nothing to check, and nothing is asked for. @throws {InvalidStatement} */
async function check(
  { certificate: compact, endorsements }: ShownStatements,
  {
    question,
    standing,
    pins,
    options,
  }: {
    readonly question: Question
    readonly standing: AnsweredStanding
    readonly pins: Pins | null
    readonly options: CertificateCheckOptions
  },
): Promise<Checked | null> {
  if (compact === null) {
    if (pins === null) return null
    throw new InvalidStatement('It has no certificate.')
  }
  const { kid } = parseStatement('claviger-key+jwt', compact)
  const listed = listKeys(endorsements ?? [], pins)
  const path = pathFrom(kid, { listed, pins })
  const anchors = pins === null ? path.slice(-1) : [...pins.keys()]
  const { trusted, doubts } = await followEndorsements(
    [...listed.values()].map(({ key }) => key),
    { owner: question.owner, own: null, anchors, remembered: new Map() },
  )
  const signer = trusted.get(kid)
  if (signer === undefined) {
    if (pins === null && !listed.has(kid)) return null
    throw new InvalidStatement(doubts.get(kid) ?? 'No pinned management key stands behind its certificate.')
  }
  const certificate = await verifyStatement('claviger-key+jwt', compact, signer.signingKey)
  await assertClaims(certificate, { question, standing, options })
  return { certificate, path }
}

interface ListedKey {
  readonly key: ListedManagementKey
  /** The id of who endorsed it; null for nobody else. */
  readonly endorser: string | null
}

/** All management keys whose public key is known: from their endorsements, or because they are pinned. */
function listKeys(endorsements: readonly string[], pins: Pins | null): Map<string, ListedKey> {
  const listed = new Map<string, ListedKey>()
  for (const [id, key] of pins ?? []) if (key !== null) listed.set(id, { key, endorser: null })
  for (const endorsement of endorsements) {
    const { kid, payload } = parseStatement('claviger-endorsement+jwt', endorsement)
    const { sub: id, kind, cnf, wrap: wrappingKey = null } = payload
    const key = { id, kind, signingKey: cnf.jwk, wrappingKey, endorsement, revokedAt: null }
    listed.set(id, { key, endorser: kid === id ? null : kid })
  }
  return listed
}

function pathFrom(
  kid: string,
  { listed, pins }: { readonly listed: ReadonlyMap<string, ListedKey>; readonly pins: Pins | null },
): string[] {
  const path = [kid]
  for (let id: string | null = kid; !pins?.has(id); path.push(id)) {
    id = listed.get(id)?.endorser ?? null
    if (id === null || path.includes(id)) break
  }
  return path
}

/** @throws {InvalidStatement} when the certificate says something else than the answer. */
async function assertClaims(
  certificate: KeyCertificate,
  {
    question: { owner, thumbprint: presented },
    standing,
    options: { applicationServer, nowMs },
  }: {
    readonly question: Question
    readonly standing: AnsweredStanding
    readonly options: CertificateCheckOptions
  },
): Promise<void> {
  const { cnf } = certificate
  const { nbf, exp } = claimsOf({ ...standing, maxUses: null, overusePolicy: 'NOTIFY' })
  const coincides = {
    iss: certificate.iss === owner,
    aud: certificate.aud === applicationServer,
    nbf: certificate.nbf === nbf,
    exp: certificate.exp === exp,
    cnf: 'jwk' in cnf && (await thumbprint(cnf.jwk)) === presented,
  }
  const lie = Object.entries(coincides).find(([, isTrue]) => !isTrue)
  if (lie !== undefined)
    throw new InvalidStatement(`What is answered is not what its claim "${lie[0]}" says.`)
  if (!isStatePossible('ACTIVE', certificate, nowMs() / 1000)) {
    throw new InvalidStatement('By its certified term the key can not be valid now.')
  }
}

/** @throws {InvalidStatement} when a younger certificate of the same key was seen. */
function assertNotOlder({ iss, jti, iat }: KeyCertificate, newest: LRUCache<string, number>): void {
  const key = `${iss} ${jti}`
  if (iat < (newest.get(key) ?? 0)) throw new InvalidStatement('A younger certificate was seen before.')
  newest.set(key, iat)
}

/** Without the pins nobody can tell: it is as if there had been no answer. */
async function readPins(owner: string, { pinsOf, onEvent }: CertificateCheckOptions): Promise<Pins | null> {
  try {
    const pins = await pinsOf(owner)
    return pins && new Map(await Promise.all(pins.map(parsePin)))
  } catch {
    const detail = 'The pins of an owner could not be read.'
    onEvent({ type: 'answer-refused', detail })
    throw new VaultError('ANSWER_MALFORMED', { detail })
  }
}

async function parsePin(pin: Pin): Promise<[string, ListedManagementKey | null]> {
  if (typeof pin === 'string') {
    if (decodeBase64url(pin)?.length === 32) return [pin, null]
    throw new TypeError('A pin is the id of a management key, or its public key as a JWK.')
  }
  const signingKey = parseSigningJwk(pin)
  const id = await thumbprint(signingKey)
  const listed = {
    id,
    kind: 'DEVICE',
    signingKey,
    wrappingKey: null,
    endorsement: null,
    revokedAt: null,
  } as const
  return [id, listed]
}
