import type { TransactionKey } from '../../schema/graphql/domain.ts'
import { KeyServerError, notFound } from '../../schema/wire/errors.ts'
import { selectActiveSigner } from '../auth/active-signer.ts'
import { datedAhead } from '../auth/received-statement.ts'
import type { SignedRequest } from '../auth/signed-request.ts'
import type { Databases } from '../database/connect.ts'
import type { DatabaseNodes } from '../database/distribution/nodes.ts'
import { thumbprintOf } from '../lib/thumbprint-of.ts'
import type { Quotas } from '../quotas/quotas.ts'
import { quotaExceeded } from '../quotas/usage.ts'
import { assertCertifiedBy, signerUnknown } from './certificate.ts'
import type { KeyToStore } from './key-to-store.ts'
import { assertPossession } from './possession.ts'
import { createStoreGroups, describeKey, type StoreOutcome } from './store-groups.ts'
import { selectTransactionKey } from './transaction-key-rows.ts'

/**
 * Stores transaction keys with their wrapped keys and deadlines, each all or none. Concurrent requests share a statement and a
 * commit ({@link createStoreGroups}). Repeated with the same content a request changes nothing.
 */
export class TransactionKeyStore {
  readonly #databases: Databases
  readonly #groups: ReturnType<typeof createStoreGroups>

  constructor(
    databases: Databases,
    { quotas, nodes }: { readonly quotas: Quotas; readonly nodes: DatabaseNodes },
  ) {
    this.#databases = databases
    this.#groups = createStoreGroups(nodes, quotas)
  }

  /**
   * @throws {KeyServerError} NOT_FOUND for a management key that is not the account's; CONFLICT; QUOTA_EXCEEDED; BAD_USER_INPUT for
   *   the certificate and the possession statement
   */
  async store(request: SignedRequest, key: KeyToStore): Promise<TransactionKey> {
    const { accountId } = await request.verify()
    const fault = await this.#findFault(request, key)
    const described = describeKey(key, { isRefused: fault !== null })
    request.takeChange(await request.verifyOwner())
    const decided = await request.statement((nonce) => this.#groups.decide({ ...nonce, key: described }))
    if (decided.outcome === 'GRANTED') return toStoredKey(key, { ...decided, accountId })
    if (decided.outcome !== 'REPEATED') throw refusal(decided, fault)
    const stored = await selectTransactionKey(this.#databases.reads.db, accountId, key.id)
    if (stored === null) throw new TypeError('A stored transaction key has no row.')
    return stored
  }

  /**
   * The first fault of the key's signed statements, apart from their dates; null when there is none. A repeated request
   * is answered all the same: its statements were checked when it was stored.
   */
  async #findFault(request: SignedRequest, key: KeyToStore): Promise<KeyServerError | null> {
    try {
      await this.#assertCertified(request, key)
      if (key.possession !== null) {
        const { accountId } = await request.verify()
        await assertPossession(key.possession, { ...key, accountId, now: null })
      }
      return null
    } catch (error) {
      if (error instanceof KeyServerError && error.code === 'BAD_USER_INPUT') return error
      throw error
    }
  }

  /** That the signer is active is for the database function to check, under the lock of the account's management keys. */
  async #assertCertified(request: SignedRequest, { certificate, ...key }: KeyToStore): Promise<void> {
    if (certificate === null) return
    const { accountId, managementKeyId } = await request.verify()
    const signer =
      String(certificate.kid) === managementKeyId
        ? await request.verifier()
        : await selectActiveSigner({ tx: this.#databases.reads.db, accountId }, certificate.kid)
    if (signer === null) throw signerUnknown()
    const thumbprint = key.publicKey && thumbprintOf(key.publicKey)
    await assertCertifiedBy(signer, certificate, { ...key, accountId, thumbprint, now: null })
  }
}

type Granted = Extract<StoreOutcome, { readonly outcome: 'GRANTED' }>

/** A key that was stored just now. */
function toStoredKey(
  key: KeyToStore,
  {
    accountId,
    state,
    created_at: createdAt,
    expiry_notices: expiryNotices,
  }: Granted & { readonly accountId: string },
): TransactionKey {
  const { wrappedKeys: _wrappedKeys, ...described } = key
  return {
    ...described,
    accountId,
    thumbprint: key.publicKey && thumbprintOf(key.publicKey),
    state,
    expiryNotices,
    useCount: 0,
    refusedCount: 0,
    lastUsedAt: null,
    certificate: key.certificate?.compact ?? null,
    possession: key.possession?.compact ?? null,
    createdAt,
    revokedAt: null,
    revocationReason: null,
    revocation: null,
  }
}

function refusal(refused: StoreOutcome, fault: KeyServerError | null): Error {
  switch (refused.outcome) {
    case 'NOT_FOUND':
      return notFound('management key')
    case 'CONFLICT_OF_ID':
      return new KeyServerError('CONFLICT', 'Another transaction key is stored under this id.')
    case 'CONFLICT_OF_PUBLIC_KEY':
      return new KeyServerError('CONFLICT', 'This public key is already stored for this application server.')
    case 'CERTIFICATE_SIGNER_UNKNOWN':
      return signerUnknown()
    case 'CERTIFICATE_AHEAD':
      return datedAhead('input.certificate')
    case 'POSSESSION_AHEAD':
      return datedAhead('input.possession')
    case 'QUOTA_EXCEEDED':
      return quotaExceeded(refused.quota, refused.quota_limit)
    default:
      return fault ?? new TypeError('The database refused a transaction key without a reason.')
  }
}
