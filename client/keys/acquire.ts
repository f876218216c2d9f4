import { importSecret, isSamePublicKey, publicHalfOf } from '../crypto/transaction-key.ts'
import { unwrap } from '../crypto/wrap.ts'
import { VaultError } from '../errors.ts'
import type { Session } from '../session.ts'
import type { Operation } from '../transport/graphql.ts'
import { acquiredKey, type AcquiredKey } from './acquired-key.ts'
import { readKeyPage } from './describe.ts'
import { parseTransactionKey, transactionKeyFields, type TransactionKey } from './transaction-key.ts'

export interface AcquireOptions {
  /** Whether the secret may be exported from `cryptoKey`. Default: false. */
  readonly extractable?: boolean | undefined
}

interface WrappedKey {
  readonly jwe: string
  readonly transactionKey: TransactionKey
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
 * Acquires a key, opens it, and checks that it is the one asked for: nothing that the key server answers is believed
 * only because it could be opened.
 *
 * @throws {VaultError} NO_ACTIVE_KEY, UNWRAP_FAILED, KEY_MISMATCH. Then there is no key.
 */
export async function acquireKey(
  session: Session,
  which: string | { readonly id: string },
  { extractable = false }: AcquireOptions = {},
): Promise<AcquiredKey> {
  const asked =
    typeof which === 'string' ? { id: await newestActiveId(session, which), applicationServer: which } : which
  const { jwe, transactionKey } = await session.keyServer.run(wrappedKey, {
    transactionKeyId: asked.id,
    // Makes every repetition of this request one use.
    acquisitionId: crypto.randomUUID(),
  })
  assertAsked(transactionKey, asked)
  const secret = await unwrap(jwe, { managementKey: session.managementKey, expected: transactionKey })
  if (!(await isSamePublicKey(publicHalfOf(secret), transactionKey.publicKey))) {
    throw new VaultError('KEY_MISMATCH', { detail: 'Its public half is not the stored public key.' })
  }
  const cryptoKey = await importSecret(secret, extractable)
  return acquiredKey({ algorithm: secret.algorithm, cryptoKey, transactionKey })
}

async function newestActiveId(session: Session, applicationServer: string): Promise<string> {
  const { items } = await readKeyPage(session, { applicationServer, state: 'ACTIVE', first: 1 })
  const [newest] = items
  if (newest === undefined) throw new VaultError('NO_ACTIVE_KEY')
  return newest.id
}

function assertAsked(
  { id, applicationServer }: TransactionKey,
  asked: { readonly id: string; readonly applicationServer?: string },
): void {
  // A UUID may be answered in lower case.
  const isAsked =
    id.toLowerCase() === asked.id.toLowerCase() &&
    (asked.applicationServer === undefined || asked.applicationServer === applicationServer)
  if (!isAsked) throw new VaultError('KEY_MISMATCH')
}
