import { firstMismatchedClaim, type KeyCertificate } from '../../schema/wire/statements/certificate.ts'
import {
  InvalidStatement,
  parseStatement,
  signStatement,
  verifyStatement,
  type StatementType,
} from '../../schema/wire/statements/statement.ts'
import { thumbprint } from '../../schema/wire/keys/jwk.ts'
import { limits } from '../../schema/wire/limits.ts'
import type { ManagementKey } from '../crypto/management-key.ts'
import type { Recipient } from '../crypto/wrap.ts'
import { VaultError } from '../errors.ts'
import type { Clock } from '../transport/clock.ts'
import type { GraphqlClient } from '../transport/graphql.ts'
import { wait } from '../transport/wait.ts'
import { AccountTrust, type CheckedAccount } from './account-trust.ts'
import { claimsOf, isStatePossible, type DescribedKey, type KeyTerms } from './certificate.ts'
import { isAfter, type TrustedManagementKey } from './chain.ts'
import { statementSigner } from './endorse.ts'
import { signKeyRevocation, signManagementKeyRevocation, verifyKeyRevocation } from './revocations.ts'
import { memoryTrustStore, type TrustStore } from '../keystore/trust-store.ts'
import { RollbackGuard } from './rollback-guard.ts'
import type { RevocationReason } from '../../schema/wire/enums.ts'

/** Whose trust it is, and what it works with. */
export interface TrustOptions {
  /** The account's name. */
  readonly owner: string
  readonly managementKey: ManagementKey
  /** Ids of management keys to trust besides the own one. */
  readonly anchors: readonly string[]
  /** Default: one that lasts as long as the process. */
  readonly trustStore?: TrustStore | undefined
  readonly keyServer: GraphqlClient
  readonly clock: Clock
}

/** What a new certificate is about. */
export interface KeyToCertify extends KeyTerms {
  readonly id: string
  readonly applicationServer: string
  readonly cnf: KeyCertificate['cnf']
}

/** What can be wrong with the description of a key, as codes of {@link VaultError}. */
export const trustErrorCodes = [
  'CERTIFICATE_MISSING',
  'CERTIFICATE_INVALID',
  'UNTRUSTED_MANAGEMENT_KEY',
  'ROLLBACK',
] as const

export type TrustErrorCode = (typeof trustErrorCodes)[number]

/** How long a certificate waits for its date at most, in seconds. More is a clock that was set back. */
const aheadSecondsMax = 2

/** Most certificates whose signature need not be verified again. */
const verifiedMax = 1000

/**
 * What one device believes of what its key server tells it: what its own management key has signed and the keys that it
 * trusts, and nothing older than what it has seen before.
 */
export class Trust {
  /** Ids of management keys that this device trusts besides its own. */
  readonly anchors: readonly string[]
  readonly #options: TrustOptions
  readonly #recollection: RollbackGuard
  readonly #account: AccountTrust
  /** Certificates whose signature was verified, by their exact text. */
  readonly #verified = new Map<string, KeyCertificate>()

  constructor(options: TrustOptions) {
    const { managementKey, trustStore: memory = memoryTrustStore(), anchors } = options
    this.anchors = anchors
    this.#options = options
    this.#recollection = new RollbackGuard(managementKey.id, memory, { predecessors: anchors })
    this.#account = new AccountTrust({ ...options, recollection: this.#recollection })
  }

  /**
   * Reads the account, and follows the endorsements of its management keys.
   *
   * @throws {VaultError} ROLLBACK, ANSWER_MALFORMED; and what the memory throws.
   */
  readAccount(): Promise<CheckedAccount> {
    return this.#account.read()
  }

  /**
   * Whom to wrap a key for: every trusted management key that is not revoked and has a wrapping key. Reads the account.
   *
   * @throws {VaultError} UNTRUSTED_MANAGEMENT_KEY when one is listed that nobody trusted has endorsed; ROLLBACK.
   */
  recipients(): Promise<Recipient[]> {
    return this.#account.recipients()
  }

  /** Remembers that this device has revoked a management key, in which second by its own clock. */
  async rememberRevoked(id: string, atSeconds: number): Promise<void> {
    await this.#recollection.load()
    this.#recollection.recordManagementKey({ id, revokedAt: atSeconds })
    await this.#recollection.flush()
  }

  /** Signs that a transaction key is revoked, as its owner certified it: a JWS `claviger-revocation+jwt`. */
  signRevocation(certificate: KeyCertificate, reason: RevocationReason): Promise<string> {
    const { managementKey, clock } = this.#options
    return signKeyRevocation(certificate, { managementKey, nowSeconds: clock.nowSeconds(), reason })
  }

  /** Signs that another management key of the account is revoked: a JWS `claviger-revocation+jwt`. */
  signRevocationOfDevice(id: string): Promise<string> {
    const { owner, managementKey, clock } = this.#options
    return signManagementKeyRevocation(id, { owner, managementKey, nowSeconds: clock.nowSeconds() })
  }

  /** Signs a key's certificate, a JWS `claviger-key+jwt`, younger than the one that it replaces. */
  async certify(
    { id, applicationServer, cnf, ...terms }: KeyToCertify,
    { replaced }: { readonly replaced?: KeyCertificate } = {},
  ): Promise<string> {
    const { owner, managementKey, clock } = this.#options
    // Two certificates of one second could be exchanged for each other, and nobody would notice.
    const iat = Math.max(clock.nowSeconds(), (replaced?.iat ?? -1) + 1)
    // By one second each, certificates that replace each other fast would be dated ahead, and be refused.
    const aheadSeconds = iat - limits.signatureClockSkewSeconds - clock.nowSeconds()
    if (aheadSeconds > 0) await wait(Math.min(aheadSeconds, aheadSecondsMax) * 1000)
    const named = { v: 1, iss: owner, aud: applicationServer, jti: id, iat } as const
    const certificate: KeyCertificate = { ...named, ...claimsOf(terms), cnf }
    return signStatement('claviger-key+jwt', certificate, statementSigner(managementKey))
  }

  /**
   * Checks a description against what the owner signed, and remembers how new that is.
   *
   * @returns the certificate; null when there never was one, and `acceptUncertified` says that this is enough.
   * @throws {VaultError} CERTIFICATE_MISSING, CERTIFICATE_INVALID, UNTRUSTED_MANAGEMENT_KEY, ROLLBACK.
   */
  async assertCertified(
    key: DescribedKey,
    { acceptUncertified = false }: { readonly acceptUncertified?: boolean | undefined } = {},
  ): Promise<KeyCertificate | null> {
    await this.#recollection.load()
    const certificate = await this.#check(key)
    if (certificate === null && !acceptUncertified) throw new VaultError('CERTIFICATE_MISSING')
    if (certificate !== null) {
      const isRevoked = key.state === 'REVOKED'
      this.#recollection.recordTransactionKey({ id: key.id, iat: certificate.iat, isRevoked })
    }
    await this.#recollection.flush()
    return certificate
  }

  /** As {@link assertCertified}, for a list: what is wrong with a description is told and not thrown. */
  async findTrustError(key: DescribedKey): Promise<TrustErrorCode | null> {
    try {
      await this.assertCertified(key)
      return null
    } catch (error) {
      const doubt =
        error instanceof VaultError ? trustErrorCodes.find((code) => code === error.code) : undefined
      if (doubt === undefined) throw error
      return doubt
    }
  }

  async #check(key: DescribedKey): Promise<KeyCertificate | null> {
    const remembered = this.#recollection.transactionKey(key.id)
    if (remembered?.isRevoked && key.state !== 'REVOKED') throw rollback('It was revoked before.')
    if (key.revocation !== null) await this.#takeRevocation(key, key.revocation)
    if (key.certificate === null) {
      if (remembered !== null && remembered.iat > 0) throw rollback('It had a certificate before.')
      return null
    }
    const certificate = await this.#verify(key.certificate)
    const { owner } = this.#options
    const facts = { ...key, owner, thumbprint: key.publicKey && (await thumbprint(key.publicKey)) }
    const mismatched = await firstMismatchedClaim(certificate, facts)
    if (mismatched !== null) {
      throw invalid(`The description by the key server does not match the claim "${mismatched}".`)
    }
    if (remembered !== null && certificate.iat < remembered.iat) {
      throw rollback('A younger certificate was seen before.')
    }
    if (!isStatePossible(key.state, certificate, this.#options.clock.nowSeconds())) {
      throw invalid(`By its certified term the key can not be ${key.state} now.`)
    }
    return certificate
  }

  /** Remembers it for good. @throws {VaultError} ROLLBACK when the key is shown as anything but revoked. */
  async #takeRevocation(key: DescribedKey, compact: string): Promise<void> {
    const { owner, clock } = this.#options
    const signer = await this.#account.signer(signerIdOf('claviger-revocation+jwt', compact))
    const { id, applicationServer, publicKey } = key
    const revoked = { owner, applicationServer, id, thumbprint: publicKey && (await thumbprint(publicKey)) }
    const nowSeconds = clock.nowSeconds()
    await orInvalid(() => verifyKeyRevocation(compact, { key: revoked, signer, nowSeconds }))
    // 0: of no certificate that was seen yet.
    this.#recollection.recordTransactionKey({ id, iat: 0, isRevoked: true })
    await this.#recollection.flush()
    if (key.state !== 'REVOKED') throw rollback('Its owner has signed that it is revoked.')
  }

  async #verify(compact: string): Promise<KeyCertificate> {
    // Whether the signer is still trusted is asked each time: only the signature itself stays verified.
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
