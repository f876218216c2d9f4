import { KeyServerError, type ErrorCode } from '../../schema/wire/errors.ts'
import type { Secret } from '../crypto/transaction-key.ts'
import { VaultError, type VaultErrorCode } from '../errors.ts'
import { openWrappedKey, type WrappedKey } from '../keys/open.ts'
import {
  parseTransactionKey,
  transactionKeyFields,
  type DescribedTransactionKey,
} from '../keys/transaction-key.ts'
import type { Session } from '../trust/session.ts'
import type { Operation } from '../transport/graphql.ts'
import type { AcquisitionPurpose } from '../../schema/wire/enums.ts'

/** A key that was acquired, unwrapped and verified. */
export interface OpenedKey {
  readonly key: DescribedTransactionKey
  readonly secret: Secret
}

/** A key that was left out, with the code of the error. */
export interface SkippedKey {
  readonly id: string
  readonly applicationServer: string
  readonly code: VaultErrorCode | ErrorCode
}

export interface OpenedKeys {
  readonly opened: readonly OpenedKey[]
  readonly skipped: readonly SkippedKey[]
}

/**
 * Acquires at most 100 keys for another purpose than use, unwraps each and verifies it against its certificate. A key that
 * fails the verification is skipped, and so is one that was revoked meanwhile.
 */
export async function openWrappedKeys(
  session: Session,
  keys: readonly DescribedTransactionKey[],
  purpose: Exclude<AcquisitionPurpose, 'USE'>,
): Promise<OpenedKeys> {
  if (keys.length === 0) return { opened: [], skipped: [] }
  const variables = { purpose, acquisitionId: crypto.randomUUID() }
  try {
    const transactionKeyIds = keys.map(({ id }) => id)
    const answers = await session.keyServer.run(wrappedKeys, { ...variables, transactionKeyIds })
    if (answers.length !== keys.length) throw new VaultError('ANSWER_MALFORMED')
    return await openAll(session, keys, answers)
  } catch (error) {
    if (!isAboutOneKey(error)) throw error
    // The key server releases all keys or none: one that is revoked meanwhile must not withhold the others.
    const [only, ...others] = keys
    if (only !== undefined && others.length === 0) return { opened: [], skipped: [skipped(only, error)] }
    const parts = []
    for (const key of keys) parts.push(await openWrappedKeys(session, [key], purpose))
    return joined(parts)
  }
}

export function joined(parts: readonly OpenedKeys[]): OpenedKeys {
  return {
    opened: parts.flatMap(({ opened }) => opened),
    skipped: parts.flatMap((part) => part.skipped),
  }
}

/** Whether a refusal of many keys is about one of them: it is revoked, or no longer wrapped for this management key. */
export function isAboutOneKey(error: unknown): error is KeyServerError {
  return error instanceof KeyServerError && (error.code === 'NOT_FOUND' || error.code === 'KEY_REVOKED')
}

const wrappedKeys: Operation<readonly WrappedKey[]> = {
  kind: 'query',
  document: /* GraphQL */ `
    query WrappedKeys($transactionKeyIds: [ID!]!, $purpose: AcquisitionPurpose!, $acquisitionId: ID!) {
      wrappedKeys(transactionKeyIds: $transactionKeyIds, purpose: $purpose, acquisitionId: $acquisitionId) {
        jwe
        transactionKey { ${transactionKeyFields} }
      }
    }
  `,
  parse: (data) =>
    Promise.all(
      data.list('wrappedKeys').map(async (answer) => ({
        jwe: answer.text('jwe'),
        transactionKey: await parseTransactionKey(answer.object('transactionKey')),
      })),
    ),
}

async function openAll(
  session: Session,
  keys: readonly DescribedTransactionKey[],
  wrapped: readonly WrappedKey[],
): Promise<OpenedKeys> {
  const parts: OpenedKeys[] = []
  for (const [index, wrappedKey] of wrapped.entries()) {
    const expected = keys[index]
    if (expected === undefined) break
    try {
      const secret = await openWrappedKey(session, wrappedKey, { expected })
      parts.push({ opened: [{ key: wrappedKey.transactionKey, secret }], skipped: [] })
    } catch (error) {
      if (!(error instanceof VaultError)) throw error
      parts.push({ opened: [], skipped: [skipped(expected, error)] })
    }
  }
  return joined(parts)
}

function skipped(
  { id, applicationServer }: DescribedTransactionKey,
  { code }: { readonly code: VaultErrorCode | ErrorCode },
): SkippedKey {
  return { id, applicationServer, code }
}
