import type { AddManagementKeyInput, ManagementKeysPort } from '../../schema/graphql/context.ts'
import type { ManagementKey } from '../../schema/graphql/domain.ts'
import { selectManagementKeysById } from './management-key-rows.ts'
import type { Authentication, SignedTransaction } from '../auth/authentication.ts'
import type { RequestCaller } from '../auth/signed-request.ts'
import { addManagementKey, parseKeyToAdd } from './add.ts'
import { lockManagementKeys } from '../auth/management-keys-lock.ts'
import { parseRevocation } from '../auth/revocation-statement.ts'
import { revokeManagementKey } from './revoke.ts'

/** Adds management keys to an account, and revokes them. */
export class ManagementKeys implements ManagementKeysPort {
  readonly #authentication: Authentication

  constructor(authentication: Authentication) {
    this.#authentication = authentication
  }

  async add(caller: RequestCaller, input: AddManagementKeyInput): Promise<ManagementKey> {
    const key = await parseKeyToAdd(input)
    return this.#change(caller, key.id, (signed) => addManagementKey(signed, key))
  }

  async revoke(caller: RequestCaller, id: string, compact: unknown): Promise<ManagementKey> {
    const revocation = parseRevocation(compact)
    return this.#change(caller, id, (signed) => revokeManagementKey(signed, { id, revocation }))
  }

  async #change(
    caller: RequestCaller,
    id: string,
    change: (signed: SignedTransaction) => Promise<void>,
  ): Promise<ManagementKey> {
    return this.#authentication.transaction(
      caller,
      async (signed) => {
        await change(signed)
        const [key] = await selectManagementKeysById(signed.tx, signed.accountId, [id])
        if (key === undefined) throw new TypeError('A changed management key can be read.')
        return key
      },
      { lock: lockManagementKeys },
    )
  }
}
