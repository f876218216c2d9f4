import { publicHalfOf } from '../crypto/public-half.ts'
import { generateSecret, type TransactionKeyAlgorithm } from '../crypto/transaction-key.ts'
import { wrapForAll } from '../crypto/wrap.ts'
import { applicationServerName } from '../../schema/wire/application-server.ts'
import { assertApplicationServer, assertTerms } from './check-arguments.ts'
import { provePossession } from './prove-possession.ts'
import type { Session } from '../trust/session.ts'
import type { Operation } from '../transport/graphql.ts'
import { confirmationOf } from '../trust/confirmation.ts'
import {
  parseTransactionKey,
  transactionKeyFields,
  withoutTrustError,
  type DescribedTransactionKey,
  type TransactionKey,
} from './transaction-key.ts'
import type { OverusePolicy } from '../../schema/wire/enums.ts'

/** The algorithm and the terms of a new transaction key. */
export interface CreateKeyOptions {
  /** Default: Ed25519. */
  readonly algorithm?: TransactionKeyAlgorithm | undefined
  readonly label?: string | undefined
  readonly notBefore?: Date | undefined
  readonly expiresAt?: Date | undefined
  /** Seconds before `expiresAt` at which alerts are raised. Default: 30 days, 7 days and 1 day, as far as they lie ahead. */
  readonly expiryNotices?: readonly number[] | undefined
  readonly maxUses?: number | undefined
  /** The reaction to uses beyond `maxUses`. Default: NOTIFY. */
  readonly overusePolicy?: OverusePolicy | undefined
  /** Accepts a term that has ended, for keys of another system that only decrypt old data. Default: false. */
  readonly allowExpired?: boolean | undefined
}

const storeTransactionKey: Operation<DescribedTransactionKey> = {
  kind: 'mutation',
  document: /* GraphQL */ `
    mutation StoreTransactionKey($input: StoreTransactionKeyInput!) {
      storeTransactionKey(input: $input) { ${transactionKeyFields} }
    }
  `,
  parse: (data) => parseTransactionKey(data.object('storeTransactionKey')),
}

/**
 * Generates a transaction key, wraps it, and stores it. Afterwards the secret exists only in the wrapped keys.
 *
 * @throws {VaultError} ARGUMENT_INVALID, with the field's name; and as {@link prepareKey}.
 */
export async function createKey(
  session: Session,
  name: string,
  options: CreateKeyOptions = {},
): Promise<TransactionKey> {
  assertApplicationServer(name)
  assertTerms(options, session.clock)
  const applicationServer = applicationServerName(name)
  const id = crypto.randomUUID()
  const input = await prepareKey(session, { id, applicationServer, options })
  const stored = await session.keyServer.run(storeTransactionKey, { input })
  return withoutTrustError(session, stored, { id, applicationServer })
}

/**
 * Generates a transaction key under an id, certifies it, proves its possession, and wraps it for every management key
 * of the account.
 *
 * @returns the input of `storeTransactionKey`.
 *
 * @throws {VaultError} UNTRUSTED_MANAGEMENT_KEY, ROLLBACK.
 */
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
  const recipients = await session.trust.recipients()
  const secret = await generateSecret(algorithm)
  const wrappedKeys = await wrapForAll(secret, { id, applicationServer, recipients })
  const certificate = await session.trust.certify({
    id,
    applicationServer,
    cnf: await confirmationOf(secret),
    notBefore: notBefore ?? null,
    expiresAt: expiresAt ?? null,
    maxUses: maxUses ?? null,
    overusePolicy: overusePolicy ?? 'NOTIFY',
  })
  return {
    id,
    applicationServer,
    wrappedKeys,
    publicKey: (await publicHalfOf(secret)) ?? undefined,
    label,
    notBefore: notBefore?.toISOString(),
    expiresAt: expiresAt?.toISOString(),
    expiryNotices,
    maxUses,
    overusePolicy,
    certificate,
    possession: await provePossession(session, { id, applicationServer, secret }),
  }
}
