import { type z } from 'zod'
import type {
  RewrapTransactionKeyInput,
  StoreTransactionKeyInput,
  TransactionKeyPage,
  TransactionKeyPageArguments,
  TransactionKeysPort,
  UpdateTransactionKeyInput,
} from '../../schema/graphql/context.ts'
import type { Account, TransactionKey } from '../../schema/graphql/domain.ts'
import { notFound } from '../../schema/wire/errors.ts'
import type { Authentication, SignedTransaction } from '../auth/authentication.ts'
import type { RequestCaller } from '../auth/signed-request.ts'
import type { Databases } from '../database/connect.ts'
import { uuid } from '../lib/input.ts'
import { holdManagementKeys } from '../auth/management-keys-lock.ts'
import { parseKeysToRewrap, rewrapTransactionKeys } from './rewrap.ts'
import { selectPage } from './page.ts'
import { parseRevocation } from '../auth/revocation-statement.ts'
import { destroyTransactionKey, revokeTransactionKey } from './revoke.ts'
import { parseKeyToStore, storeTransactionKey } from './store.ts'
import { selectTransactionKey } from './transaction-key-rows.ts'
import { parseKeyChanges, updateTransactionKey } from './update.ts'
import type { RevocationReason } from '../../schema/wire/enums.ts'

/** Stores, describes, changes and ends transaction keys. Their copies are released by {@link Acquisitions} alone. */
export class TransactionKeys implements TransactionKeysPort {
  readonly #authentication: Authentication
  readonly #databases: Databases

  constructor(authentication: Authentication, databases: Databases) {
    this.#authentication = authentication
    this.#databases = databases
  }

  async store(caller: RequestCaller, input: StoreTransactionKeyInput): Promise<TransactionKey> {
    const key = parseKeyToStore(input)
    return this.#change(caller, key.id, (signed) => storeTransactionKey(signed, key), {
      lock: holdManagementKeys,
    })
  }

  async update(caller: RequestCaller, input: UpdateTransactionKeyInput): Promise<TransactionKey> {
    const changes = parseKeyChanges(input)
    return this.#change(caller, input.id, (signed, id) => updateTransactionKey(signed, id, changes), {
      lock: holdManagementKeys,
    })
  }

  async rewrap(
    caller: RequestCaller,
    input: readonly RewrapTransactionKeyInput[],
  ): Promise<TransactionKey[]> {
    const keys = parseKeysToRewrap(input)
    return this.#authentication.transaction(caller, (signed) => rewrapTransactionKeys(signed, keys), {
      lock: holdManagementKeys,
    })
  }

  async revoke(
    caller: RequestCaller,
    id: string,
    how: { readonly reason: RevocationReason; readonly revocation: unknown },
  ): Promise<TransactionKey> {
    const { reason } = how
    const revocation = parseRevocation(how.revocation)
    return this.#change(
      caller,
      id,
      (signed, keyId) => revokeTransactionKey(signed, keyId, { reason, revocation }),
      { lock: holdManagementKeys },
    )
  }

  async destroy(caller: RequestCaller, id: string, compact: unknown): Promise<TransactionKey> {
    const revocation = parseRevocation(compact)
    return this.#change(caller, id, (signed, keyId) => destroyTransactionKey(signed, keyId, revocation), {
      lock: holdManagementKeys,
    })
  }

  async find(caller: RequestCaller, id: string): Promise<TransactionKey | null> {
    const { accountId } = await this.#authentication.claim(caller)
    const keyId = parseKeyId(id)
    return keyId === null ? null : selectTransactionKey(this.#databases.reads.db, accountId, keyId)
  }

  page(account: Account, page: TransactionKeyPageArguments): Promise<TransactionKeyPage> {
    return selectPage(this.#databases.reads.db, account.id, page)
  }

  async #change(
    caller: RequestCaller,
    id: string,
    change: (signed: SignedTransaction, id: string) => Promise<void>,
    options: Parameters<Authentication['transaction']>[2] = {},
  ): Promise<TransactionKey> {
    return this.#authentication.transaction(
      caller,
      async (signed) => {
        const keyId = parseKeyId(id)
        if (keyId === null) throw notFound('transaction key')
        await change(signed, keyId)
        const key = await selectTransactionKey(signed.tx, signed.accountId, keyId)
        if (key === null) throw new TypeError('A changed transaction key can be read.')
        return key
      },
      options,
    )
  }
}

/** Null for what can not be the id of any key: it is answered like an unknown one. */
export function parseKeyId(id: string): string | null {
  const parsed: z.ZodSafeParseResult<string> = uuid.safeParse(id)
  return parsed.success ? parsed.data : null
}
