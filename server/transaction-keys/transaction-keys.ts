import type {
  RewrapTransactionKeyInput,
  StoreTransactionKeyInput,
  TransactionKeysPort,
  UpdateTransactionKeyInput,
} from '../../schema/graphql/context.ts'
import type { TransactionKey } from '../../schema/graphql/domain.ts'
import { parseTransactionKeyId, type TransactionKeyId } from '../../schema/wire/brands.ts'
import { notFound } from '../../schema/wire/errors.ts'
import type { SignedRequest, SignedTransaction } from '../auth/signed-request.ts'
import type { Databases } from '../database/connect.ts'
import type { DatabaseNodes } from '../database/distribution/nodes.ts'
import { holdManagementKeys } from '../auth/management-keys-lock.ts'
import { parseKeysToRewrap, rewrapTransactionKeys } from './rewrap.ts'
import type { Quotas } from '../quotas/quotas.ts'
import { counted } from '../quotas/usage.ts'
import { selectPage } from './page.ts'
import { parseRevocation } from '../auth/revocation-statement.ts'
import { destroyTransactionKey, revokeTransactionKey } from './revoke.ts'
import { parseKeyToStore } from './key-to-store.ts'
import { TransactionKeyStore } from './store.ts'
import { selectTransactionKey } from './transaction-key-rows.ts'
import { parseKeyUpdate, updateTransactionKey } from './update.ts'
import type { RevocationReason } from '../../schema/wire/enums.ts'

/** Stores, lists, updates and revokes transaction keys. Only `Acquisitions` releases their wrapped keys. */
export class TransactionKeys {
  readonly #databases: Databases
  readonly #quotas: Quotas
  readonly #store: TransactionKeyStore

  constructor(
    databases: Databases,
    { quotas, nodes }: { readonly quotas: Quotas; readonly nodes: DatabaseNodes },
  ) {
    this.#databases = databases
    this.#quotas = quotas
    this.#store = new TransactionKeyStore(databases, { quotas, nodes })
  }

  /** The port of one request. */
  forRequest(request: SignedRequest): TransactionKeysPort {
    return {
      store: (input) => this.#storeKey(request, input),
      update: (input) => this.#update(request, input),
      rewrap: (input) => this.#rewrap(request, input),
      revoke: (id, options) => this.#revoke(request, id, options),
      destroy: (id, revocation) => this.#destroy(request, id, revocation),
      find: (id) => this.#find(request, id),
      page: (account, page) => selectPage(this.#databases.reads.db, account.id, page),
    }
  }

  async #storeKey(request: SignedRequest, input: StoreTransactionKeyInput): Promise<TransactionKey> {
    return this.#store.store(request, parseKeyToStore(input))
  }

  async #update(request: SignedRequest, input: UpdateTransactionKeyInput): Promise<TransactionKey> {
    const update = parseKeyUpdate(input)
    return this.#change(request, input.id, (signed, id) =>
      this.#counted(signed, [id], () => updateTransactionKey(signed, id, update)),
    )
  }

  async #rewrap(
    request: SignedRequest,
    input: readonly RewrapTransactionKeyInput[],
  ): Promise<TransactionKey[]> {
    const keys = parseKeysToRewrap(input)
    return request.transaction(
      (signed) =>
        this.#counted(signed, keys?.transactionKeyIds ?? [], () => rewrapTransactionKeys(signed, keys)),
      { lock: holdManagementKeys },
    )
  }

  async #revoke(
    request: SignedRequest,
    id: string,
    options: { readonly reason: RevocationReason; readonly revocation: unknown },
  ): Promise<TransactionKey> {
    const { reason } = options
    const revocation = parseRevocation(options.revocation)
    return this.#change(request, id, (signed, keyId) =>
      this.#counted(signed, [keyId], () => revokeTransactionKey(signed, keyId, { reason, revocation })),
    )
  }

  async #destroy(request: SignedRequest, id: string, compact: unknown): Promise<TransactionKey> {
    const revocation = parseRevocation(compact)
    return this.#change(request, id, (signed, keyId) =>
      this.#counted(signed, [keyId], () => destroyTransactionKey(signed, keyId, revocation)),
    )
  }

  async #find(request: SignedRequest, id: string): Promise<TransactionKey | null> {
    const { accountId } = await request.consumeNonceOfAccount()
    const keyId = parseTransactionKeyId(id)
    return keyId === null ? null : selectTransactionKey(this.#databases.reads.db, accountId, keyId)
  }

  async #change(
    request: SignedRequest,
    id: string,
    change: (signed: SignedTransaction, id: TransactionKeyId) => Promise<void>,
  ): Promise<TransactionKey> {
    return request.transaction(
      async (signed) => {
        // A malformed id is answered like an unknown one.
        const keyId = parseTransactionKeyId(id)
        if (keyId === null) throw notFound('transaction key')
        await change(signed, keyId)
        const key = await selectTransactionKey(signed.tx, signed.accountId, keyId)
        if (key === null) throw new TypeError('A changed transaction key has no row.')
        return key
      },
      { lock: holdManagementKeys },
    )
  }

  #counted<T>(
    signed: SignedTransaction,
    transactionKeyIds: readonly TransactionKeyId[],
    work: () => Promise<T>,
  ): Promise<T> {
    return counted(signed, { transactionKeyIds, quotas: this.#quotas }, work)
  }
}
