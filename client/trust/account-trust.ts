import { publicManagementKey, listedWrappingKey, type ManagementKey } from '../crypto/management-key.ts'
import { importWrappingKey, type Recipient } from '../crypto/wrap.ts'
import { VaultError } from '../errors.ts'
import type { Clock } from '../transport/clock.ts'
import type { GraphqlClient } from '../transport/graphql.ts'
import {
  followEndorsements,
  maySign,
  type TrustedKeys,
  type ListedManagementKey,
  type TrustedManagementKey,
  type TrustRoots,
} from './follow-endorsements.ts'
import { signedRevocations } from './revocations.ts'
import { readListedAccount, type ListedAccount } from './listed-account.ts'
import type { RollbackGuard } from './rollback-guard.ts'

/** The account as the key server lists it, and which of its management keys are trusted. */
export interface CheckedAccount extends TrustedKeys {
  readonly account: ListedAccount
}

export interface AccountTrustOptions {
  /** The account's name. */
  readonly owner: string
  readonly managementKey: ManagementKey
  /** Ids of management keys to trust besides the device's own. */
  readonly anchors: readonly string[]
  readonly rollbackGuard: RollbackGuard
  readonly keyServer: GraphqlClient
  readonly clock: Clock
}

/** How long the account is not read again for a signer that was not found, in milliseconds. */
const unknownSignerMs = 10_000

/** Finds out which of the account's management keys one device trusts. */
export class AccountTrust {
  readonly #options: AccountTrustOptions
  /** Negative cache: signers that were not found, and until when the account is not read again for them. */
  readonly #unknownSigners = new Map<string, number>()
  #last: CheckedAccount | null = null

  constructor(options: AccountTrustOptions) {
    this.#options = options
  }

  /**
   * Reads the account, and follows the endorsements of its management keys.
   *
   * @throws {VaultError} ROLLBACK when a management key that was listed before is missing, or was revoked and is listed as
   *   active; ANSWER_MALFORMED; the errors of the trust store.
   */
  async read(): Promise<CheckedAccount> {
    const { owner, managementKey, anchors, rollbackGuard, keyServer, clock } = this.#options
    await rollbackGuard.load()
    const account = await readListedAccount(keyServer)
    if (account.name !== owner) {
      throw new VaultError('ANSWER_MALFORMED', { detail: 'It is about another account.' })
    }
    const seen = rollbackGuard.managementKeys
    assertNothingMissing(account, seen)
    const { signingKey } = await publicManagementKey(managementKey)
    const { id, kind } = managementKey
    const own = { id, kind, signingKey, wrappingKey: await listedWrappingKey(managementKey) }
    const nowSeconds = clock.nowSeconds()
    const roots = { owner, own, anchors, seen, nowSeconds }
    const keys = await followWithRevocations(account.managementKeys, roots)
    for (const { id } of account.managementKeys) {
      const trusted = keys.trusted.get(id)
      if (trusted === undefined) continue
      const { revokedAt } = trusted
      rollbackGuard.recordManagementKey({
        id,
        revokedAt: revokedAt && Math.floor(revokedAt.getTime() / 1000),
      })
    }
    await rollbackGuard.flush()
    assertRevocationsListed(account, keys)
    this.#last = { account, ...keys }
    return this.#last
  }

  /**
   * The recipients of a new wrapped key: every management key that is not revoked and has a wrapping key, when all are
   * trusted. Reads the account.
   *
   * @throws {VaultError} UNTRUSTED_MANAGEMENT_KEY when a listed one is not trusted: leaving it out silently would leave
   *   a device of the owner without the key, or an attack unnoticed. WRAPPING_MISMATCH.
   */
  async recipients(): Promise<Recipient[]> {
    const { account, trusted, trustErrors } = await this.read()
    const { managementKey } = this.#options
    const ownKey = managementKey.wrappingSecret ?? managementKey.wrapping.publicKey
    const recipients: Recipient[] = [{ id: managementKey.id, wrappingKey: ownKey }]
    for (const { id, revokedAt } of account.managementKeys) {
      if (revokedAt !== null) continue
      const trustError = trustErrors.get(id)
      if (trustError !== undefined) throw untrusted(id, trustError)
      const wrappingKey = trusted.get(id)?.wrappingKey ?? null
      if (wrappingKey === null || id === managementKey.id) continue
      assertMayShare(managementKey)
      recipients.push({ id, wrappingKey: await importWrappingKey(wrappingKey) })
    }
    return recipients
  }

  /**
   * Finds a trusted signer: the device's own key, or one from the account as last read or, when it is missing there, as
   * read anew.
   *
   * @throws {VaultError} UNTRUSTED_MANAGEMENT_KEY
   */
  async signer(kid: string): Promise<TrustedManagementKey> {
    const { managementKey } = this.#options
    if (kid === managementKey.id) {
      const { kind = 'DEVICE' } = managementKey
      return assertMaySign({ id: kid, kind, ...(await publicManagementKey(managementKey)), revokedAt: null })
    }
    const known = this.#last?.trusted.get(kid)
    if (known !== undefined) return assertMaySign(known)
    if ((this.#unknownSigners.get(kid) ?? -Infinity) <= performance.now()) {
      const signer = (await this.read()).trusted.get(kid)
      if (signer !== undefined) return assertMaySign(signer)
      this.#unknownSigners.clear()
      this.#unknownSigners.set(kid, performance.now() + unknownSignerMs)
    }
    throw untrusted(kid, this.#last?.trustErrors.get(kid) ?? 'It is not listed in the account.')
  }
}

/**
 * Refuses to wrap for other management keys when this device wraps symmetrically: those wrapped keys would be weaker.
 *
 * @throws {VaultError} WRAPPING_MISMATCH.
 */
export function assertMayShare({ wrappingSecret }: ManagementKey): void {
  if (wrappingSecret !== undefined) throw new VaultError('WRAPPING_MISMATCH')
}

/** Follows the endorsements, reads the revocations that trusted keys signed, and follows the endorsements again with these. */
async function followWithRevocations(
  listed: readonly ListedManagementKey[],
  roots: TrustRoots,
): Promise<TrustedKeys> {
  const { owner, nowSeconds } = roots
  const keys = await followEndorsements(listed, roots)
  const revoked = await signedRevocations(listed, { owner, trusted: keys.trusted, nowSeconds })
  return revoked.size === 0 ? keys : followEndorsements(listed, { ...roots, signedRevocations: revoked })
}

/** @throws {VaultError} ROLLBACK when a key is listed as active whose revocation a trusted key signed. */
function assertRevocationsListed({ managementKeys }: ListedAccount, { trusted }: TrustedKeys): void {
  for (const { id, revokedAt } of managementKeys) {
    if (revokedAt !== null || (trusted.get(id)?.revokedAt ?? null) === null) continue
    const detail = `A management key is listed as active whose revocation another one has signed. (${id})`
    throw new VaultError('ROLLBACK', { detail })
  }
}

/** @throws {VaultError} ROLLBACK when a management key that was seen before is missing: revoked ones stay listed. */
function assertNothingMissing(
  { managementKeys }: ListedAccount,
  seen: ReadonlyMap<string, number | null>,
): void {
  const listed = new Map(managementKeys.map((key) => [key.id, key]))
  for (const [id, revokedAt] of seen) {
    const key = listed.get(id)
    if (key === undefined) {
      throw new VaultError('ROLLBACK', { detail: `A management key is no longer listed. (${id})` })
    }
    if (revokedAt !== null && key.revokedAt === null) {
      throw new VaultError('ROLLBACK', { detail: `A revoked management key is listed as active. (${id})` })
    }
  }
}

/** @throws {VaultError} UNTRUSTED_MANAGEMENT_KEY for a VIEWER. */
function assertMaySign(signer: TrustedManagementKey): TrustedManagementKey {
  if (!maySign(signer)) throw untrusted(signer.id, 'It is a VIEWER, and certifies nothing.')
  return signer
}

function untrusted(id: string, detail: string): VaultError {
  return new VaultError('UNTRUSTED_MANAGEMENT_KEY', { detail: `${detail} (${id})` })
}
