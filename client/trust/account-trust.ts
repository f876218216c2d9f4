import { publicManagementKey, shownWrappingKey, type ManagementKey } from '../crypto/management-key.ts'
import { importWrappingKey, type Recipient } from '../crypto/wrap.ts'
import { VaultError } from '../errors.ts'
import type { Clock } from '../transport/clock.ts'
import type { GraphqlClient } from '../transport/graphql.ts'
import {
  followEndorsements,
  type EndorsementChains,
  type ListedManagementKey,
  type TrustedManagementKey,
  type TrustRoots,
} from './chain.ts'
import { signedRevocations } from './revocations.ts'
import { readListedAccount, type ListedAccount } from './listed-account.ts'
import type { RollbackGuard } from './rollback-guard.ts'

/** What the key server says of the account, and what of its management keys is to be believed. */
export interface CheckedAccount extends EndorsementChains {
  readonly account: ListedAccount
}

export interface AccountTrustOptions {
  /** The account's name. */
  readonly owner: string
  readonly managementKey: ManagementKey
  /** Ids of management keys to trust besides the own one. */
  readonly anchors: readonly string[]
  readonly recollection: RollbackGuard
  readonly keyServer: GraphqlClient
  readonly clock: Clock
}

/** How long a signer that the last reading of the account has not made trusted is not asked for again. */
const strangerMs = 10_000

/** Which of the account's management keys one device trusts. */
export class AccountTrust {
  readonly #options: AccountTrustOptions
  /** Signers that were looked for in vain, and until when not to look again. */
  readonly #strangers = new Map<string, number>()
  #last: CheckedAccount | null = null

  constructor(options: AccountTrustOptions) {
    this.#options = options
  }

  /**
   * Reads the account, and follows the endorsements of its management keys.
   *
   * @throws {VaultError} ROLLBACK when a management key that was there before is missing, or is not revoked any more;
   *   ANSWER_MALFORMED; and what the memory throws.
   */
  async read(): Promise<CheckedAccount> {
    const { owner, managementKey, anchors, recollection, keyServer, clock } = this.#options
    await recollection.load()
    const account = await readListedAccount(keyServer)
    if (account.name !== owner) {
      throw new VaultError('ANSWER_MALFORMED', { detail: 'It is about another account.' })
    }
    const remembered = recollection.managementKeys
    assertNothingForgotten(account, remembered)
    const { signingKey } = await publicManagementKey(managementKey)
    const own = { id: managementKey.id, signingKey, wrappingKey: await shownWrappingKey(managementKey) }
    const nowSeconds = clock.nowSeconds()
    const roots = { owner, own, anchors, remembered, nowSeconds }
    const chains = await followBoth(account.managementKeys, roots)
    for (const { id } of account.managementKeys) {
      const trusted = chains.trusted.get(id)
      if (trusted === undefined) continue
      const { revokedAt } = trusted
      recollection.recordManagementKey({
        id,
        revokedAt: revokedAt && Math.floor(revokedAt.getTime() / 1000),
      })
    }
    await recollection.flush()
    assertNothingUndone(account, chains)
    this.#last = { account, ...chains }
    return this.#last
  }

  /**
   * Whom to wrap a key for: every management key that is not revoked and has a wrapping key, once the endorsements of
   * all were followed. Reads the account.
   *
   * @throws {VaultError} UNTRUSTED_MANAGEMENT_KEY when one is listed that nobody trusted has endorsed: to leave it out
   *   without a word would leave the owner's own device without a key, or a lie unnoticed. WRAPPING_MISMATCH.
   */
  async recipients(): Promise<Recipient[]> {
    const { account, trusted, trustErrors: doubts } = await this.read()
    const { managementKey } = this.#options
    const ownKey = managementKey.wrappingSecret ?? managementKey.wrapping.publicKey
    const recipients: Recipient[] = [{ id: managementKey.id, wrappingKey: ownKey }]
    for (const { id, revokedAt } of account.managementKeys) {
      if (revokedAt !== null) continue
      const doubt = doubts.get(id)
      if (doubt !== undefined) throw untrusted(id, doubt)
      const wrappingKey = trusted.get(id)?.wrappingKey ?? null
      if (wrappingKey === null || id === managementKey.id) continue
      assertMayShare(managementKey)
      recipients.push({ id, wrappingKey: await importWrappingKey(wrappingKey) })
    }
    return recipients
  }

  /**
   * Finds a trusted signer: the own key without asking, another one in the last reading of the account or, when it is
   * not there, in a new one.
   *
   * @throws {VaultError} UNTRUSTED_MANAGEMENT_KEY
   */
  async signer(kid: string): Promise<TrustedManagementKey> {
    const { managementKey } = this.#options
    if (kid === managementKey.id) {
      return { id: kid, ...(await publicManagementKey(managementKey)), revokedAt: null }
    }
    const known = this.#last?.trusted.get(kid)
    if (known !== undefined) return known
    if ((this.#strangers.get(kid) ?? -Infinity) <= performance.now()) {
      const signer = (await this.read()).trusted.get(kid)
      if (signer !== undefined) return signer
      this.#strangers.clear()
      this.#strangers.set(kid, performance.now() + strangerMs)
    }
    throw untrusted(kid, this.#last?.trustErrors.get(kid) ?? 'It is none of the account.')
  }
}

/**
 * Refuses to wrap for another management key what was to be wrapped symmetrically: its copy would be the weaker one.
 *
 * @throws {VaultError} WRAPPING_MISMATCH.
 */
export function assertMayShare({ wrappingSecret }: ManagementKey): void {
  if (wrappingSecret !== undefined) throw new VaultError('WRAPPING_MISMATCH')
}

/** First who is trusted, then which of them those have revoked, and then who is trusted still. */
async function followBoth(
  listed: readonly ListedManagementKey[],
  roots: TrustRoots,
): Promise<EndorsementChains> {
  const { owner, nowSeconds } = roots
  const chains = await followEndorsements(listed, roots)
  const revoked = await signedRevocations(listed, { owner, trusted: chains.trusted, nowSeconds })
  return revoked.size === 0 ? chains : followEndorsements(listed, { ...roots, signedRevocations: revoked })
}

/** @throws {VaultError} ROLLBACK */
function assertNothingUndone({ managementKeys }: ListedAccount, { trusted }: EndorsementChains): void {
  for (const { id, revokedAt } of managementKeys) {
    if (revokedAt !== null || (trusted.get(id)?.revokedAt ?? null) === null) continue
    const detail = `A management key is listed as active that another one has signed to be revoked. (${id})`
    throw new VaultError('ROLLBACK', { detail })
  }
}

/** The account may have more management keys than were seen before, and never fewer: revoked ones stay listed. */
function assertNothingForgotten(
  { managementKeys }: ListedAccount,
  remembered: ReadonlyMap<string, number | null>,
): void {
  const listed = new Map(managementKeys.map((key) => [key.id, key]))
  for (const [id, revokedAt] of remembered) {
    const key = listed.get(id)
    if (key === undefined) {
      throw new VaultError('ROLLBACK', { detail: `A management key is not listed any more. (${id})` })
    }
    if (revokedAt !== null && key.revokedAt === null) {
      throw new VaultError('ROLLBACK', { detail: `A revoked management key is listed as active. (${id})` })
    }
  }
}

function untrusted(id: string, detail: string): VaultError {
  return new VaultError('UNTRUSTED_MANAGEMENT_KEY', { detail: `${detail} (${id})` })
}
