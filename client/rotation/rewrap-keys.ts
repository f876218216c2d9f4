import { limits } from '../../schema/wire/limits.ts'
import { wrapForAll, type Recipient } from '../crypto/wrap.ts'
import { readKeyPage } from '../keys/describe.ts'
import type { DescribedTransactionKey } from '../keys/transaction-key.ts'
import type { Session } from '../trust/session.ts'
import type { Operation } from '../transport/graphql.ts'
import { isAboutOneKey, openWrappedKeys, type OpenedKey, type SkippedKey } from './open-wrapped-keys.ts'

/** How far a longer work is. */
export interface Progress {
  readonly done: number
  readonly total: number
}

export interface RewrapOptions {
  readonly onProgress?: ((progress: Progress) => void) | undefined
}

export interface RewrapReport {
  /** How many keys got a copy. */
  readonly rewrapped: number
  /** Those that could not be opened or checked, and so have none. */
  readonly skipped: readonly SkippedKey[]
}

/** One copy, as the key server takes it. */
export interface RewrappedKey {
  readonly transactionKeyId: string
  readonly jwe: string
}

/**
 * Gives another management key its own copy of every key that this device can open and that it has none of. What was
 * copied stays, so after an interruption the next call does the rest.
 */
export async function rewrapKeys(
  session: Session,
  recipient: Recipient,
  { onProgress, ignoring = new Set() }: RewrapOptions & { readonly ignoring?: ReadonlySet<string> } = {},
): Promise<RewrapReport> {
  const missing = (await keysToRewrap(session, recipient.id)).filter(({ id }) => !ignoring.has(id))
  const skipped: SkippedKey[] = []
  let copied = 0
  onProgress?.({ done: 0, total: missing.length })
  for (let start = 0; start < missing.length; start += limits.batchMax) {
    const batch = missing.slice(start, start + limits.batchMax)
    const opened = await openWrappedKeys(session, batch, 'REWRAP')
    const stored = await storeWrappedKeys(session, await wrapAll(opened.opened, recipient), recipient.id)
    copied += stored
    skipped.push(...opened.skipped)
    onProgress?.({ done: start + batch.length, total: missing.length })
  }
  return { rewrapped: copied, skipped }
}

/** The keys that this device has a copy of and another management key has not. Revoked ones are not given out. */
export async function keysToRewrap(
  session: Session,
  recipientId: string,
  { countMax = Infinity }: { readonly countMax?: number } = {},
): Promise<DescribedTransactionKey[]> {
  const { id: ownId } = session.managementKey
  const found: DescribedTransactionKey[] = []
  let after: string | null = null
  do {
    const { items, next }: Awaited<ReturnType<typeof readKeyPage>> = await readKeyPage(session, {
      after,
      first: limits.batchMax,
    })
    const missing = items.filter(
      ({ state, wrappedFor }) =>
        state !== 'REVOKED' && wrappedFor.includes(ownId) && !wrappedFor.includes(recipientId),
    )
    found.push(...missing)
    after = next === after ? null : next
  } while (after !== null && found.length < countMax)
  return found.slice(0, countMax)
}

/** Wraps opened keys for one management key. */
export async function wrapAll(keys: readonly OpenedKey[], recipient: Recipient): Promise<RewrappedKey[]> {
  const wrapped = await Promise.all(
    keys.map(async ({ key: { id, applicationServer }, secret }) => {
      const copies = await wrapForAll(secret, { id, applicationServer, recipients: [recipient] })
      return copies.map(({ jwe }) => ({ transactionKeyId: id, jwe }))
    }),
  )
  return wrapped.flat()
}

const rewrapTransactionKeys: Operation<number> = {
  kind: 'mutation',
  document: /* GraphQL */ `
    mutation RewrapTransactionKeys($input: [RewrapTransactionKeyInput!]!) {
      rewrapTransactionKeys(input: $input) {
        id
      }
    }
  `,
  parse: (data) => data.list('rewrapTransactionKeys').length,
}

/** @returns how many were stored: one that was revoked meanwhile needs no copy. */
async function storeWrappedKeys(
  session: Session,
  copies: readonly RewrappedKey[],
  managementKeyId: string,
): Promise<number> {
  if (copies.length === 0) return 0
  const input = copies.map(({ transactionKeyId, jwe }) => ({
    transactionKeyId,
    wrappedKeys: [{ managementKeyId, jwe }],
  }))
  try {
    return await session.keyServer.run(rewrapTransactionKeys, { input })
  } catch (error) {
    if (!isAboutOneKey(error)) throw error
    // NOT_FOUND of a single key is about the recipient or the key itself, and is for the caller.
    if (copies.length === 1) {
      if (error.code === 'KEY_REVOKED') return 0
      throw error
    }
    let stored = 0
    for (const copy of copies) stored += await storeWrappedKeys(session, [copy], managementKeyId)
    return stored
  }
}
