import { thumbprint } from '../../schema/wire/keys/thumbprint.ts'
import { InvalidStatement, parseStatement } from '../../schema/wire/statements/statement.ts'
import { publicHalfOf } from '../crypto/public-half.ts'
import { parseSecret, type Secret } from '../crypto/transaction-key.ts'
import { VaultError } from '../errors.ts'
import { ResponseReader } from '../transport/response-reader.ts'
import type { KeyTerms } from '../trust/certificate.ts'
import { isConfirmed } from '../trust/confirmation.ts'
import { overusePolicies } from '../../schema/wire/enums.ts'

/** A transaction key as a backup holds it, with its secret. */
export interface BackedUpKey extends KeyTerms {
  readonly id: string
  readonly applicationServer: string
  readonly label: string | null
  /** RFC 7638 thumbprint of the public key, computed from the secret; null for a symmetric key. */
  readonly thumbprint: string | null
  readonly secret: Secret
  /** JWS `claviger-key+jwt`; null when the key had none. */
  readonly certificate: string | null
}

/** The content of a backup. */
export interface Backup {
  /** The key server's origin. */
  readonly url: string
  readonly owner: string
  readonly exportedAt: Date
  readonly keys: readonly BackedUpKey[]
  /** JWS `claviger-endorsement+jwt` of the account's management keys, which signed the certificates. */
  readonly endorsements: readonly string[]
}

const version = 1

/** Serializes a backup with its secrets, to be encrypted. */
export function serializeBackup({ keys, ...backup }: Backup): string {
  const serialized = keys.map(({ secret, thumbprint: _computed, ...key }) => ({ ...key, secret: secret.jwk }))
  return JSON.stringify({ v: version, ...backup, keys: serialized })
}

/**
 * Parses a backup, and checks that the secret of each key matches its certificate. It needs no key server.
 *
 * @throws {VaultError} BACKUP_UNREADABLE; KEY_MISMATCH.
 */
export async function parseBackup(text: string): Promise<Backup> {
  try {
    const backup = new ResponseReader(JSON.parse(text))
    if (backup.integer('v') !== version) throw new TypeError('The version is 1.')
    const endorsements = backup.value('endorsements')
    return {
      url: backup.text('url'),
      owner: backup.text('owner'),
      exportedAt: backup.instant('exportedAt'),
      keys: await Promise.all(backup.list('keys').map(parseKey)),
      endorsements: Array.isArray(endorsements) ? endorsements.map(String) : [],
    }
  } catch (error) {
    if (error instanceof VaultError && error.code === 'KEY_MISMATCH') throw error
    // The parser's message is dropped: it may quote a secret.
    throw new VaultError('BACKUP_UNREADABLE', { detail: 'It is not a backup of a known version.' })
  }
}

async function parseKey(answer: ResponseReader): Promise<BackedUpKey> {
  const jwk = answer.value('secret')
  if (typeof jwk !== 'object' || jwk === null) throw new TypeError('A secret is an object.')
  const secret = parseSecret(jwk)
  const publicKey = await publicHalfOf(secret)
  const key = {
    id: answer.text('id'),
    applicationServer: answer.text('applicationServer'),
    label: answer.textOrNull('label'),
    thumbprint: publicKey === null ? null : await thumbprint(publicKey),
    notBefore: answer.instantOrNull('notBefore'),
    expiresAt: answer.instantOrNull('expiresAt'),
    maxUses: answer.integerOrNull('maxUses'),
    overusePolicy: answer.oneOf('overusePolicy', overusePolicies),
    secret,
    certificate: answer.textOrNull('certificate'),
  }
  await assertConfirmed(key)
  return key
}

async function assertConfirmed({ id, certificate, secret }: BackedUpKey): Promise<void> {
  if (certificate === null) return
  try {
    const { payload } = parseStatement('claviger-key+jwt', certificate)
    if (payload.jti === id && (await isConfirmed(payload, secret))) return
  } catch (error) {
    if (!(error instanceof InvalidStatement)) throw error
  }
  throw new VaultError('KEY_MISMATCH', {
    detail: `The secret of the key ${id} does not match its certificate.`,
  })
}
