import type { AddManagementKeyInput, ManagementKeysPort } from '../../schema/graphql/context.ts'
import type { ManagementKey } from '../../schema/graphql/domain.ts'
import { selectManagementKeysById } from './management-key-rows.ts'
import type { SignedRequest, SignedTransaction } from '../auth/signed-request.ts'
import { addManagementKey, parseKeyToAdd } from './add.ts'
import { lockManagementKeys } from '../auth/management-keys-lock.ts'
import { parseRevocation } from '../auth/revocation-statement.ts'
import type { Quotas } from '../quotas/quotas.ts'
import { counted } from '../quotas/usage.ts'
import { revokeManagementKey } from './revoke.ts'

/** Adds management keys to an account, and revokes them. */
export class ManagementKeys {
  readonly #quotas: Quotas

  constructor({ quotas }: { readonly quotas: Quotas }) {
    this.#quotas = quotas
  }

  /** The port of one request. */
  forRequest(request: SignedRequest): ManagementKeysPort {
    return {
      add: (input) => this.#add(request, input),
      revoke: (id, revocation) => this.#revoke(request, id, revocation),
    }
  }

  async #add(request: SignedRequest, input: AddManagementKeyInput): Promise<ManagementKey> {
    const key = await parseKeyToAdd(input)
    return this.#change(request, key.id, (signed) => addManagementKey(signed, key, this.#quotas))
  }

  async #revoke(request: SignedRequest, id: string, compact: unknown): Promise<ManagementKey> {
    const revocation = parseRevocation(compact)
    return this.#change(request, id, (signed) => revokeManagementKey(signed, { id, revocation }))
  }

  async #change(
    request: SignedRequest,
    id: string,
    change: (signed: SignedTransaction) => Promise<void>,
  ): Promise<ManagementKey> {
    return request.transaction(
      async (signed) => {
        await counted(signed, { transactionKeyIds: null, quotas: this.#quotas }, () => change(signed))
        const [key] = await selectManagementKeysById(signed.tx, signed.accountId, [id])
        if (key === undefined) throw new TypeError('A changed management key has no row.')
        return key
      },
      { lock: lockManagementKeys },
    )
  }
}
