import { limits } from '../../schema/wire/limits.ts'
import { wrapForAll, type Recipient } from '../crypto/wrap.ts'
import { readKeyPage } from '../keys/list.ts'
import type { DescribedTransactionKey } from '../keys/transaction-key.ts'
import type { Session } from '../trust/session.ts'
import type { Operation } from '../transport/graphql.ts'
import { pagesOf } from '../transport/pages.ts'
import { isAboutOneKey, openWrappedKeys, type OpenedKey, type SkippedKey } from './open-wrapped-keys.ts'

/** The progress of a long operation. */
export interface Progress {
  readonly done: number
  readonly total: number
}

export interface RewrapOptions {
  readonly onProgress?: ((progress: Progress) => void) | undefined
}

export interface RewrapReport {
  /** The number of rewrapped keys. */
  readonly rewrapped: number
  /** Keys that this device could not open or verify. */
  readonly skipped: readonly SkippedKey[]
}

/** A rewrapped key, as the key server takes it. */
export interface RewrappedKey {
  readonly transactionKeyId: string
  readonly jwe: string
}

/**
 * Rewraps for another management key every key that this device can open and that is not wrapped for it yet. Each batch is
 * stored at once, so after an interruption the next call continues.
 */
export async function rewrapKeys(
  session: Session,
  recipient: Recipient,
  { onProgress, ignoring = new Set() }: RewrapOptions & { readonly ignoring?: ReadonlySet<string> } = {},
): Promise<RewrapReport> {
  const missing = (await keysToRewrap(session, recipient.id)).filter(({ id }) => !ignoring.has(id))
  const skipped: SkippedKey[] = []
  let rewrapped = 0
  onProgress?.({ done: 0, total: missing.length })
  for (let start = 0; start < missing.length; start += limits.batchMax) {
    const batch = missing.slice(start, start + limits.batchMax)
    const opened = await openWrappedKeys(session, batch, 'REWRAP')
    const stored = await storeWrappedKeys(session, await wrapAll(opened.opened, recipient), recipient.id)
    rewrapped += stored
    skipped.push(...opened.skipped)
    onProgress?.({ done: start + batch.length, total: missing.length })
  }
  return { rewrapped, skipped }
}

/** The keys that are wrapped for this device and not for another management key. Revoked keys cannot be acquired. */
export async function keysToRewrap(
  session: Session,
  recipientId: string,
  { countMax = Infinity }: { readonly countMax?: number } = {},
): Promise<DescribedTransactionKey[]> {
  const { id: ownId } = session.managementKey
  const pages = pagesOf((after) => readKeyPage(session, { after, first: limits.batchMax }))
  const found: DescribedTransactionKey[] = []
  for await (const key of pages) {
    const { state, wrappedFor } = key
    const isMissing = wrappedFor.includes(ownId) && !wrappedFor.includes(recipientId)
    if (state !== 'REVOKED' && isMissing) found.push(key)
    if (found.length >= countMax) break
  }
  return found
}

/** Wraps opened keys for one management key. */
export async function wrapAll(keys: readonly OpenedKey[], recipient: Recipient): Promise<RewrappedKey[]> {
  const wrapped = await Promise.all(
    keys.map(async ({ key: { id, applicationServer }, secret }) => {
      const wrappedKeys = await wrapForAll(secret, { id, applicationServer, recipients: [recipient] })
      return wrappedKeys.map(({ jwe }) => ({ transactionKeyId: id, jwe }))
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

/** @returns how many were stored; a key that was revoked meanwhile is left out. */
async function storeWrappedKeys(
  session: Session,
  wrapped: readonly RewrappedKey[],
  managementKeyId: string,
): Promise<number> {
  if (wrapped.length === 0) return 0
  const input = wrapped.map(({ transactionKeyId, jwe }) => ({
    transactionKeyId,
    wrappedKeys: [{ managementKeyId, jwe }],
  }))
  try {
    return await session.keyServer.run(rewrapTransactionKeys, { input })
  } catch (error) {
    if (!isAboutOneKey(error)) throw error
    // NOT_FOUND for a single key is about the recipient or the key itself: the caller handles it.
    if (wrapped.length === 1) {
      if (error.code === 'KEY_REVOKED') return 0
      throw error
    }
    let stored = 0
    for (const one of wrapped) stored += await storeWrappedKeys(session, [one], managementKeyId)
    return stored
  }
}
