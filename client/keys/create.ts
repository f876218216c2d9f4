import type { OverusePolicy } from '../../schema/graphql/domain.ts'
import { generateSecret, publicHalfOf, type TransactionKeyAlgorithm } from '../crypto/transaction-key.ts'
import { wrapForAll, type Recipient } from '../crypto/wrap.ts'
import type { Session } from '../session.ts'
import type { Operation } from '../transport/graphql.ts'
import { parseTransactionKey, transactionKeyFields, type TransactionKey } from './transaction-key.ts'

/** How a transaction key is made, and the terms it is stored under. */
export interface CreateKeyOptions {
  /** Default: Ed25519. */
  readonly algorithm?: TransactionKeyAlgorithm | undefined
  readonly label?: string | undefined
  readonly notBefore?: Date | undefined
  readonly expiresAt?: Date | undefined
  /** Seconds before `expiresAt` at which to be alerted. Default: 30 days, 7 days and 1 day, those that lie ahead. */
  readonly expiryNotices?: readonly number[] | undefined
  readonly maxUses?: number | undefined
  /** What happens beyond `maxUses`. Default: NOTIFY. */
  readonly overusePolicy?: OverusePolicy | undefined
}

const storeTransactionKey: Operation<TransactionKey> = {
  kind: 'mutation',
  document: /* GraphQL */ `
    mutation StoreTransactionKey($input: StoreTransactionKeyInput!) {
      storeTransactionKey(input: $input) { ${transactionKeyFields} }
    }
  `,
  parse: (data) => parseTransactionKey(data.object('storeTransactionKey')),
}

/** Generates a transaction key, wraps it, and stores it. The secret is gone when this resolves, but for its wrapped copies. */
export async function createKey(
  session: Session,
  applicationServer: string,
  options: CreateKeyOptions = {},
): Promise<TransactionKey> {
  const input = await prepareKey(session, { id: crypto.randomUUID(), applicationServer, options })
  return session.keyServer.run(storeTransactionKey, { input })
}

/** Generates a transaction key under an id, and wraps it: the input of `storeTransactionKey`. Its secret is gone, but for that. */
export async function prepareKey(
  session: Session,
  {
    id,
    applicationServer,
    options,
  }: { readonly id: string; readonly applicationServer: string; readonly options: CreateKeyOptions },
): Promise<object> {
  const {
    algorithm = 'Ed25519',
    label,
    notBefore,
    expiresAt,
    expiryNotices,
    maxUses,
    overusePolicy,
  } = options
  const secret = await generateSecret(algorithm)
  const wrappedKeys = await wrapForAll(secret, { id, applicationServer, recipients: recipientsOf(session) })
  return {
    id,
    applicationServer,
    wrappedKeys,
    publicKey: publicHalfOf(secret) ?? undefined,
    label,
    notBefore: notBefore?.toISOString(),
    expiresAt: expiresAt?.toISOString(),
    expiryNotices,
    maxUses,
    overusePolicy,
  }
}

/**
 * Whom new keys are wrapped for. Only management keys whose wrapping key this device trusts by itself belong here:
 * a list that the key server sends is not to be believed.
 */
function recipientsOf({ managementKey }: Session): Recipient[] {
  return [{ id: managementKey.id, wrappingKey: managementKey.wrapping.publicKey }]
}
