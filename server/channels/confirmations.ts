import { randomUUID } from 'node:crypto'
import { and, eq, gt, sql } from 'drizzle-orm'
import { blockedAddresses, confirmations } from '../../schema/tables/index.ts'
import { KeyServerError } from '../../schema/wire/errors.ts'
import { limits } from '../../schema/wire/limits.ts'
import type { SignedTransaction } from '../auth/signed-request.ts'
import type { Executor, JobDatabases } from '../database/connect.ts'

const hourMs = 3_600_000
const windowMs = 24 * hourMs
/** Between two confirmation mails to one address. */
const addressPauseMs = hourMs

/**
 * Counts a confirmation mail that an account asks for. However many accounts somebody opens, an address gets no more than one
 * in an hour and three in a day. Call it under the account's lock.
 *
 * @returns false when the address's reader asked not to be asked again: then no mail is sent
 * @throws {KeyServerError} RATE_LIMITED
 */
export async function countConfirmation(
  { tx, accountId, now }: SignedTransaction,
  addressDigest: string,
): Promise<boolean> {
  // Accounts that ask for the same address at once count each other's.
  await tx.execute(sql`SELECT pg_advisory_xact_lock(hashtextextended(${addressDigest}, 0))`)
  const asked = await tx
    .select({ at: confirmations.requestedAt })
    .from(confirmations)
    .where(and(eq(confirmations.addressDigest, addressDigest), isRecent(now)))
  const ofAccount = await tx
    .select({ at: confirmations.requestedAt })
    .from(confirmations)
    .where(and(eq(confirmations.accountId, accountId), isRecent(now)))
  const waitMs = Math.max(
    waitForRoom(asked, { max: limits.confirmationsPerAddressMax, now }),
    waitForRoom(ofAccount, { max: limits.confirmationsPerAccountMax, now }),
    ...asked.map(({ at }) => at.getTime() + addressPauseMs - now.getTime()),
  )
  if (waitMs > 0) {
    throw new KeyServerError(
      'RATE_LIMITED',
      `Too many confirmation mails: an address gets one in an hour and ${String(limits.confirmationsPerAddressMax)} in a day, an account asks for ${String(limits.confirmationsPerAccountMax)} in a day.`,
      { retryAfterSeconds: Math.ceil(waitMs / 1000) },
    )
  }
  await tx.insert(confirmations).values({ id: randomUUID(), accountId, addressDigest, requestedAt: now })
  const [blocked] = await tx
    .select({ at: blockedAddresses.blockedAt })
    .from(blockedAddresses)
    .where(eq(blockedAddresses.addressDigest, addressDigest))
  return blocked === undefined
}

function isRecent(now: Date) {
  return gt(confirmations.requestedAt, new Date(now.getTime() - windowMs))
}

/** How long until fewer than `max` are within the window; 0 when they are. */
function waitForRoom(
  asked: readonly { readonly at: Date }[],
  { max, now }: { readonly max: number; readonly now: Date },
): number {
  const oldestFirst = asked.map(({ at }) => at.getTime()).sort((a, b) => a - b)
  const leaves = oldestFirst[oldestFirst.length - max]
  return leaves === undefined ? 0 : leaves + windowMs - now.getTime()
}

/** Stops confirmation mails to an address, for all accounts. */
export async function blockAddress(db: Executor, addressDigest: string): Promise<void> {
  await db
    .insert(blockedAddresses)
    .values({ addressDigest, blockedAt: sql`statement_timestamp()` })
    .onConflictDoNothing()
}

/**
 * Removes channels whose confirmation or farewell has expired, and counted mails of more than a day ago.
 *
 * @returns false: it leaves nothing for another run
 */
export async function pruneChannels({ writes }: JobDatabases): Promise<boolean> {
  await writes.sql`SELECT prune_channels(${windowMs / hourMs})`
  return false
}
