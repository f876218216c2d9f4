import { desc, gt, inArray, isNull, or, sql, type SQL } from 'drizzle-orm'
import { serverKeys } from '../../schema/tables/index.ts'
import type { Database, Executor } from '../database/connect.ts'
import { runTransaction } from '../database/transaction.ts'
import { createServerKey, openServerKey, type SealedServerKey } from './server-key.ts'

/**
 * How long a retired key stays published, in minutes. Another server may sign with it for a minute more, until it has
 * read the keys anew, and an answer lives for five; what is left covers caches and clocks.
 */
export const publishedAfterRetirementMinutes = 20

export interface StoredServerKey extends SealedServerKey {
  readonly createdAt: Date
  /** Null for the one that signs. */
  readonly retiredAt: Date | null
}

/** The keys that are published: first the one that signs, then retired ones, the newest first. */
export async function selectPublishedKeys(db: Executor): Promise<StoredServerKey[]> {
  const overlap = sql`clock_timestamp() - make_interval(mins => ${publishedAfterRetirementMinutes})`
  return selectInOrder(db, or(isNull(serverKeys.retiredAt), gt(serverKeys.retiredAt, overlap)))
}

/** All keys that are kept, in the same order. */
export async function selectServerKeys(db: Executor): Promise<StoredServerKey[]> {
  return selectInOrder(db, undefined)
}

/** Makes the first key when there is none that signs. Of several servers that start at once, one makes it. */
export async function ensureServerKey(db: Database, secret: string): Promise<void> {
  if ((await selectSigning(db)).length > 0) return
  const key = await createServerKey(secret)
  await runTransaction(db, async (tx) => {
    await lockServerKeys(tx)
    if ((await selectSigning(tx)).length === 0) await tx.insert(serverKeys).values(key)
  })
}

/** The secret does not open the key that signs. */
export class WrongServerKeySecret extends Error {
  override readonly name = 'WrongServerKeySecret'

  constructor() {
    super(
      'SERVER_KEY_SECRET (or the file server-key-secret in the data directory) is not the secret that the signing key ' +
        'in this database was sealed with. Put the right one back. If it is lost, "claviger server-key rotate ' +
        '--secret-lost" makes a new key under this one; answers signed before can then no longer be checked.',
    )
  }
}

/**
 * Makes a new key, which signs from now on, and retires the one before.
 *
 * @param options.isSecretLost removes the keys that the secret does not open, instead of refusing
 * @returns the new key's id
 * @throws {WrongServerKeySecret}
 */
export async function rotateServerKey(
  db: Database,
  { secret, isSecretLost }: { readonly secret: string; readonly isSecretLost: boolean },
): Promise<string> {
  const key = await createServerKey(secret)
  await runTransaction(db, async (tx) => {
    await lockServerKeys(tx)
    const locked: string[] = []
    for (const stored of await selectServerKeys(tx)) {
      if ((await openServerKey(stored, secret)) === null) locked.push(stored.id)
    }
    if (locked.length > 0 && !isSecretLost) throw new WrongServerKeySecret()
    if (locked.length > 0) await tx.delete(serverKeys).where(inArray(serverKeys.id, locked))
    await tx
      .update(serverKeys)
      .set({ retiredAt: sql`clock_timestamp()` })
      .where(isNull(serverKeys.retiredAt))
    await tx.insert(serverKeys).values(key)
  })
  return key.id
}

async function selectInOrder(db: Executor, where: SQL | undefined): Promise<StoredServerKey[]> {
  return db
    .select()
    .from(serverKeys)
    .where(where)
    .orderBy(desc(isNull(serverKeys.retiredAt)), desc(serverKeys.createdAt), serverKeys.id)
}

async function selectSigning(db: Executor): Promise<{ id: string }[]> {
  return db.select({ id: serverKeys.id }).from(serverKeys).where(isNull(serverKeys.retiredAt))
}

/** Any number that no other program takes advisory locks on: "clav key" in ASCII. Ends with the transaction. */
async function lockServerKeys(tx: Executor): Promise<void> {
  await tx.execute(sql`SELECT pg_advisory_xact_lock(${0x636c_6176_206b_6579n.toString()}::bigint)`)
}
