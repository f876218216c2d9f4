import { applicationServerName } from '../../schema/wire/application-server.ts'
import { assertApplicationServer } from './check-arguments.ts'
import { importSecret } from '../crypto/transaction-key.ts'
import { VaultError } from '../errors.ts'
import type { Session } from '../trust/session.ts'
import type { Operation } from '../transport/graphql.ts'
import { acquiredKey, type AcquiredKey } from './acquired-key.ts'
import { readKeyPage } from './describe.ts'
import { openWrappedKey, type UncertifiedOptions, type WrappedKey } from './open.ts'
import { parseTransactionKey, transactionKeyFields } from './transaction-key.ts'

export interface AcquireOptions extends UncertifiedOptions {
  /** Whether the secret may be exported from `cryptoKey`. Default: false. */
  readonly extractable?: boolean | undefined
}

const wrappedKey: Operation<WrappedKey> = {
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
 * Acquires a key, opens it, and checks that it is the owner's and the one asked for.
 *
 * @throws {VaultError} NO_ACTIVE_KEY, and what {@link openWrappedKey} throws. Then there is no key.
 */
export async function acquireKey(
  session: Session,
  which: string | { readonly id: string },
  { extractable = false, acceptUncertified }: AcquireOptions = {},
): Promise<AcquiredKey> {
  const asked = typeof which === 'string' ? await newestActive(session, which) : which
  const copy = await session.keyServer.run(wrappedKey, {
    transactionKeyId: asked.id,
    // Makes every repetition of this request one use.
    acquisitionId: crypto.randomUUID(),
  })
  const secret = await openWrappedKey(session, copy, { asked, acceptUncertified })
  const cryptoKey = await importSecret(secret, extractable)
  return acquiredKey({ algorithm: secret.algorithm, cryptoKey, transactionKey: copy.transactionKey })
}

async function newestActive(
  session: Session,
  name: string,
): Promise<{ readonly id: string; readonly applicationServer: string }> {
  assertApplicationServer(name)
  // Keys of before origins had one spelling are found under the name that they were stored with.
  for (const applicationServer of new Set([applicationServerName(name), name])) {
    const { items } = await readKeyPage(session, { applicationServer, state: 'ACTIVE', first: 1 })
    const [newest] = items
    if (newest !== undefined) return { id: newest.id, applicationServer }
  }
  throw new VaultError('NO_ACTIVE_KEY')
}
