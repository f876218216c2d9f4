import { applicationServerName } from '../../schema/wire/application-server.ts'
import { assertApplicationServer } from './check-arguments.ts'
import { importSecret } from '../crypto/transaction-key.ts'
import { VaultError } from '../errors.ts'
import type { Session } from '../trust/session.ts'
import type { Operation } from '../transport/graphql.ts'
import { acquiredKey, type AcquiredKey } from './acquired-key.ts'
import { readKeyPage } from './list.ts'
import { openWrappedKey, type UncertifiedOptions, type WrappedKey } from './open.ts'
import { parseTransactionKey, transactionKeyFields } from './transaction-key.ts'

export interface AcquireOptions extends UncertifiedOptions {
  /** Whether the secret may be exported from `cryptoKey`. Default: false. */
  readonly extractable?: boolean | undefined
}

const wrappedKeyOperation: Operation<WrappedKey> = {
  kind: 'query',
  document: /* GraphQL */ `
    query WrappedKey($transactionKeyId: ID!, $acquisitionId: ID!) {
      wrappedKey(transactionKeyId: $transactionKeyId, acquisitionId: $acquisitionId) {
        jwe
        transactionKey { ${transactionKeyFields} }
      }
    }
  `,
  parse: async (data) => {
    const answer = data.object('wrappedKey')
    return {
      jwe: answer.text('jwe'),
      transactionKey: await parseTransactionKey(answer.object('transactionKey')),
    }
  },
}

/**
 * Acquires a key, unwraps it, and verifies that it is the owner's and the expected one.
 *
 * @throws {VaultError} NO_ACTIVE_KEY, and the errors of {@link openWrappedKey}.
 */
export async function acquireKey(
  session: Session,
  which: string | { readonly id: string },
  { extractable = false, acceptUncertified }: AcquireOptions = {},
): Promise<AcquiredKey> {
  const expected = typeof which === 'string' ? await newestActive(session, which) : which
  const wrappedKey = await session.keyServer.run(wrappedKeyOperation, {
    transactionKeyId: expected.id,
    // All repetitions of this request count as one use.
    acquisitionId: crypto.randomUUID(),
  })
  const secret = await openWrappedKey(session, wrappedKey, { expected, acceptUncertified })
  const cryptoKey = await importSecret(secret, extractable)
  const { transactionKey } = wrappedKey
  return acquiredKey({ algorithm: secret.algorithm, cryptoKey, transactionKey })
}

async function newestActive(
  session: Session,
  name: string,
): Promise<{ readonly id: string; readonly applicationServer: string }> {
  assertApplicationServer(name)
  // Keys that were stored before names were normalized are listed under the name as it was given.
  for (const applicationServer of new Set([applicationServerName(name), name])) {
    const { items } = await readKeyPage(session, { applicationServer, state: 'ACTIVE', first: 1 })
    const [newest] = items
    if (newest !== undefined) return { id: newest.id, applicationServer }
  }
  throw new VaultError('NO_ACTIVE_KEY')
}
