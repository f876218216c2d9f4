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

/** A key that was acquired, opened and checked. */
export interface OpenedKey {
  readonly key: DescribedTransactionKey
  readonly secret: Secret
}

/** A key that could not be, and why. */
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
 * Acquires keys for another purpose than use, at most 100, opens each and checks that it is what its owner stored. One
 * that does not stand the check is skipped, and so is one that was revoked meanwhile.
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
    // All or none is what the key server gives: one that is gone meanwhile must not keep the others back.
    const [only, ...others] = keys
    if (only !== undefined && others.length === 0) return { opened: [], skipped: [skipped(only, error)] }
    const each = []
    for (const key of keys) each.push(await openWrappedKeys(session, [key], purpose))
    return joined(each)
  }
}

export function joined(parts: readonly OpenedKeys[]): OpenedKeys {
  return {
    opened: parts.flatMap(({ opened }) => opened),
    skipped: parts.flatMap((part) => part.skipped),
  }
}

/** Whether a refusal of many keys is about one of them: it is revoked, or has no copy any more. */
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
  copies: readonly WrappedKey[],
): Promise<OpenedKeys> {
  const parts: OpenedKeys[] = []
  for (const [index, copy] of copies.entries()) {
    const asked = keys[index]
    if (asked === undefined) break
    try {
      const secret = await openWrappedKey(session, copy, { asked })
      parts.push({ opened: [{ key: copy.transactionKey, secret }], skipped: [] })
    } catch (error) {
      if (!(error instanceof VaultError)) throw error
      parts.push({ opened: [], skipped: [skipped(asked, error)] })
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
