import { firstMismatchedClaim, type KeyCertificate } from '../../schema/wire/statements/certificate.ts'
import {
  InvalidStatement,
  parseStatement,
  signStatement,
  verifyStatement,
  type StatementType,
} from '../../schema/wire/statements/statement.ts'
import { thumbprint } from '../../schema/wire/keys/thumbprint.ts'
import { limits } from '../../schema/wire/limits.ts'
import type { ManagementKey } from '../crypto/management-key.ts'
import type { Recipient } from '../crypto/wrap.ts'
import { VaultError } from '../errors.ts'
import type { Clock } from '../transport/clock.ts'
import type { GraphqlClient } from '../transport/graphql.ts'
import { wait } from '../transport/wait.ts'
import { AccountTrust, type CheckedAccount } from './account-trust.ts'
import { claimsOf, isStatePossible, type DescribedKey, type KeyTerms } from './certificate.ts'
import { isAfter, type TrustedManagementKey } from './follow-endorsements.ts'
import { statementSigner } from './endorse.ts'
import { signKeyRevocation, signManagementKeyRevocation, verifyKeyRevocation } from './revocations.ts'
import { memoryTrustStore, type SeenAuditHead, type TrustStore } from '../keystore/trust-store.ts'
import { RollbackGuard } from './rollback-guard.ts'
import type { RevocationReason } from '../../schema/wire/enums.ts'

/** The device whose trust it is, and its dependencies. */
export interface TrustOptions {
  /** The account's name. */
  readonly owner: string
  readonly managementKey: ManagementKey
  /** Ids of management keys to trust besides the device's own. */
  readonly anchors: readonly string[]
  /** Default: in memory, for the life of the process. */
  readonly trustStore?: TrustStore | undefined
  readonly keyServer: GraphqlClient
  readonly clock: Clock
}

/** The content of a new certificate. */
export interface KeyToCertify extends KeyTerms {
  readonly id: string
  readonly applicationServer: string
  readonly cnf: KeyCertificate['cnf']
}

/** Why the description of a key is not trusted, as codes of {@link VaultError}. */
export type TrustErrorCode =
  'CERTIFICATE_MISSING' | 'CERTIFICATE_INVALID' | 'UNTRUSTED_MANAGEMENT_KEY' | 'ROLLBACK'

const trustErrorCodes: readonly TrustErrorCode[] = [
  'CERTIFICATE_MISSING',
  'CERTIFICATE_INVALID',
  'UNTRUSTED_MANAGEMENT_KEY',
  'ROLLBACK',
]

/** Maximum wait for a certificate's date, in seconds. A longer one means that the clock was set back. */
const aheadSecondsMax = 2

/** Maximum number of cached certificates whose signature was verified. */
const verifiedMax = 1000

/**
 * Verifies key-server responses for one device: signed by a trusted management key, and never older than previously seen
 * state.
 */
export class Trust {
  /** Ids of management keys that this device trusts besides its own. */
  readonly anchors: readonly string[]
  readonly #options: TrustOptions
  readonly #rollbackGuard: RollbackGuard
  readonly #account: AccountTrust
  /** Certificates whose signature was verified, by their JWS. */
  readonly #verified = new Map<string, KeyCertificate>()

  constructor(options: TrustOptions) {
    const { managementKey, trustStore = memoryTrustStore(), anchors } = options
    this.anchors = anchors
    this.#options = options
    this.#rollbackGuard = new RollbackGuard(managementKey.id, trustStore, { predecessors: anchors })
    this.#account = new AccountTrust({ ...options, rollbackGuard: this.#rollbackGuard })
  }

  /**
   * Reads the account, and follows the endorsements of its management keys.
   *
   * @throws {VaultError} ROLLBACK, ANSWER_MALFORMED; the errors of the trust store.
   */
  readAccount(): Promise<CheckedAccount> {
    return this.#account.read()
  }

  /**
   * The recipients of a new wrapped key: every management key that is not revoked and has a wrapping key. Reads the account.
   *
   * @throws {VaultError} UNTRUSTED_MANAGEMENT_KEY when a listed one is not trusted; ROLLBACK.
   */
  recipients(): Promise<Recipient[]> {
    return this.#account.recipients()
  }

  /** The newest head of the audit log that this device has seen; null when it has seen none. */
  async seenAuditHead(): Promise<SeenAuditHead | null> {
    await this.#rollbackGuard.load()
    return this.#rollbackGuard.auditHead
  }

  /** Records a head of the audit log, if it is newer than the one that this device has seen. */
  async recordAuditHead(head: SeenAuditHead): Promise<void> {
    await this.#rollbackGuard.load()
    this.#rollbackGuard.recordAuditHead(head)
    await this.#rollbackGuard.flush()
  }

  /** Records that this device has revoked a management key, with the Unix second by its own clock. */
  async recordRevoked(id: string, atSeconds: number): Promise<void> {
    await this.#rollbackGuard.load()
    this.#rollbackGuard.recordManagementKey({ id, revokedAt: atSeconds })
    await this.#rollbackGuard.flush()
  }

  /** Signs the revocation of the transaction key that a certificate describes: a JWS `claviger-revocation+jwt`. */
  signRevocation(certificate: KeyCertificate, reason: RevocationReason): Promise<string> {
    const { managementKey, clock } = this.#options
    return signKeyRevocation(certificate, { managementKey, nowSeconds: clock.nowSeconds(), reason })
  }

  /** Signs the revocation of another management key of the account: a JWS `claviger-revocation+jwt`. */
  signRevocationOfDevice(id: string): Promise<string> {
    const { owner, managementKey, clock } = this.#options
    return signManagementKeyRevocation(id, { owner, managementKey, nowSeconds: clock.nowSeconds() })
  }

  /**
   * Signs a certificate, a JWS `claviger-key+jwt`, with a later `iat` than the one that it replaces.
   *
   * @throws {VaultError} ARGUMENT_INVALID for terms that no certificate can state.
   */
  async certify(
    { id, applicationServer, cnf, ...terms }: KeyToCertify,
    { replaced }: { readonly replaced?: KeyCertificate } = {},
  ): Promise<string> {
    const { owner, managementKey, clock } = this.#options
    // Two certificates with the same `iat` could be exchanged for each other unnoticed.
    const iat = Math.max(clock.nowSeconds(), (replaced?.iat ?? -1) + 1)
    // Certificates that replace each other within a second each are dated ahead; beyond the clock skew they would be refused.
    const aheadSeconds = iat - limits.signatureClockSkewSeconds - clock.nowSeconds()
    if (aheadSeconds > 0) await wait(Math.min(aheadSeconds, aheadSecondsMax) * 1000)
    const named = { v: 1, iss: owner, aud: applicationServer, jti: id, iat } as const
    const certificate: KeyCertificate = { ...named, ...claimsOf(terms), cnf }
    try {
      return await signStatement('claviger-key+jwt', certificate, statementSigner(managementKey))
    } catch (error) {
      if (!(error instanceof InvalidStatement)) throw error
      throw new VaultError('ARGUMENT_INVALID', { detail: error.message })
    }
  }

  /**
   * Checks a description against its certificate, and records the certificate's `iat`.
   *
   * @returns the certificate; null when the key never had one, with `acceptUncertified`.
   * @throws {VaultError} CERTIFICATE_MISSING, CERTIFICATE_INVALID, UNTRUSTED_MANAGEMENT_KEY, ROLLBACK.
   */
  async assertCertified(
    key: DescribedKey,
    { acceptUncertified = false }: { readonly acceptUncertified?: boolean | undefined } = {},
  ): Promise<KeyCertificate | null> {
    await this.#rollbackGuard.load()
    const certificate = await this.#checkAndRecord(key, acceptUncertified)
    await this.#rollbackGuard.flush()
    return certificate
  }

  /** As {@link assertCertified}, but returns the code instead of throwing; null when the description is trusted. */
  async findTrustError(key: DescribedKey): Promise<TrustErrorCode | null> {
    const [trustError = null] = await this.findTrustErrors([key])
    return trustError
  }

  /** As {@link findTrustError} for each, in order. The state is written once: a keystore may take milliseconds for it. */
  async findTrustErrors(keys: readonly DescribedKey[]): Promise<(TrustErrorCode | null)[]> {
    await this.#rollbackGuard.load()
    const found: (TrustErrorCode | null)[] = []
    // One after the other: a signer that is not known yet is then asked for once.
    for (const key of keys) found.push(await this.#trustErrorOf(key))
    await this.#rollbackGuard.flush()
    return found
  }

  async #trustErrorOf(key: DescribedKey): Promise<TrustErrorCode | null> {
    try {
      await this.#checkAndRecord(key, false)
      return null
    } catch (error) {
      const trustError =
        error instanceof VaultError ? trustErrorCodes.find((code) => code === error.code) : undefined
      if (trustError === undefined) throw error
      return trustError
    }
  }

  async #checkAndRecord(key: DescribedKey, acceptUncertified: boolean): Promise<KeyCertificate | null> {
    const certificate = await this.#check(key)
    if (certificate === null && !acceptUncertified) throw new VaultError('CERTIFICATE_MISSING')
    if (certificate !== null) {
      const isRevoked = key.state === 'REVOKED'
      this.#rollbackGuard.recordTransactionKey({ id: key.id, iat: certificate.iat, isRevoked })
    }
    return certificate
  }

  async #check(key: DescribedKey): Promise<KeyCertificate | null> {
    const seen = this.#rollbackGuard.transactionKey(key.id)
    if (seen?.isRevoked && key.state !== 'REVOKED') throw rollback('It was revoked before.')
    if (key.revocation !== null) await this.#recordRevocation(key, key.revocation)
    if (key.certificate === null) {
      if (seen !== null && seen.iat > 0) throw rollback('It had a certificate before.')
      return null
    }
    const certificate = await this.#verify(key.certificate)
    const { owner } = this.#options
    const facts = { ...key, owner, thumbprint: key.publicKey && (await thumbprint(key.publicKey)) }
    const mismatched = await firstMismatchedClaim(certificate, facts)
    if (mismatched !== null) {
      throw invalid(`The description by the key server does not match the claim "${mismatched}".`)
    }
    if (seen !== null && certificate.iat < seen.iat) {
      throw rollback('A newer certificate was seen before.')
    }
    if (!isStatePossible(key.state, certificate, this.#options.clock.nowSeconds())) {
      throw invalid(`By its certified term the key cannot be ${key.state} now.`)
    }
    return certificate
  }

  /** Records a signed revocation for good. @throws {VaultError} ROLLBACK when the key is not described as revoked. */
  async #recordRevocation(key: DescribedKey, compact: string): Promise<void> {
    const { owner, clock } = this.#options
    const signer = await this.#account.signer(signerIdOf('claviger-revocation+jwt', compact))
    const { id, applicationServer, publicKey } = key
    const revoked = { owner, applicationServer, id, thumbprint: publicKey && (await thumbprint(publicKey)) }
    const nowSeconds = clock.nowSeconds()
    await orInvalid(() => verifyKeyRevocation(compact, { key: revoked, signer, nowSeconds }))
    // 0: no certificate was seen yet.
    this.#rollbackGuard.recordTransactionKey({ id, iat: 0, isRevoked: true })
    await this.#rollbackGuard.flush()
    if (key.state !== 'REVOKED') throw rollback('Its owner has signed its revocation.')
  }

  async #verify(compact: string): Promise<KeyCertificate> {
    // Only the signature is cached: whether its signer is trusted is checked each time.
    const signer = await this.#account.signer(signerIdOf('claviger-key+jwt', compact))
    const certificate = this.#verified.get(compact) ?? (await this.#verifyNew(compact, signer))
    if (isAfter(certificate.iat, signer.revokedAt)) {
      throw invalid('It was signed after its signer had been revoked.')
    }
    return certificate
  }

  async #verifyNew(compact: string, { signingKey }: TrustedManagementKey): Promise<KeyCertificate> {
    const reader = { signingKey, nowSeconds: this.#options.clock.nowSeconds() }
    const certificate = await orInvalid(() => verifyStatement('claviger-key+jwt', compact, reader))
    const [oldest] = this.#verified.keys()
    if (this.#verified.size >= verifiedMax && oldest !== undefined) this.#verified.delete(oldest)
    this.#verified.set(compact, certificate)
    return certificate
  }
}

function signerIdOf(type: StatementType, compact: string): string {
  try {
    return parseStatement(type, compact).kid
  } catch (error) {
    throw asInvalid(error)
  }
}

async function orInvalid<T>(verify: () => Promise<T>): Promise<T> {
  try {
    return await verify()
  } catch (error) {
    throw asInvalid(error)
  }
}

function asInvalid(error: unknown): unknown {
  return error instanceof InvalidStatement ? invalid(error.message) : error
}

function invalid(detail: string): VaultError {
  return new VaultError('CERTIFICATE_INVALID', { detail })
}

function rollback(detail: string): VaultError {
  return new VaultError('ROLLBACK', { detail })
}
