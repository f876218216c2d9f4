import { and, desc, eq, gt, inArray, isNull, or, sql, type SQL } from 'drizzle-orm'
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
  readonly isPrepared: boolean
  /** Null for the one that signs, and for the prepared one. */
  readonly retiredAt: Date | null
}

export type ServerKeyState = 'SIGNING' | 'PREPARED' | 'RETIRED'

export function stateOf({
  isPrepared,
  retiredAt,
}: Pick<StoredServerKey, 'isPrepared' | 'retiredAt'>): ServerKeyState {
  if (retiredAt !== null) return 'RETIRED'
  return isPrepared ? 'PREPARED' : 'SIGNING'
}

/** The keys that are published: first the one that signs, then the prepared one, then retired ones, the newest first. */
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
      'The signing key in the database is sealed under another secret than the one that this server has. Without ' +
        'SERVER_KEY_SECRET the secret is made from the password in DATABASE_URL: when that one was changed, set ' +
        'SERVER_KEY_SECRET to what the old password made, as it stood in the URL (percent-encoded): ' +
        `"printf 'claviger server key secret\\n%s' OLD_PASSWORD | openssl dgst -sha256 -binary | openssl base64 | ` +
        `tr '+/' '-_' | tr -d '='". Else set SERVER_KEY_SECRET to the right one. When it is lost, ` +
        '"claviger server-key rotate --secret-lost" makes a new key under the present secret; answers signed before can ' +
        'then no longer be checked.',
    )
  }
}

/**
 * Makes the key that signs from the next rotation on, and is published from now on: who pins the key set can learn of it
 * before. When there is one already, it stays; of several calls at once, one makes it.
 *
 * @returns the prepared key's id
 * @throws {WrongServerKeySecret}
 */
export async function prepareServerKey(
  db: Database,
  { secret }: { readonly secret: string },
): Promise<string> {
  const key = { ...(await createServerKey(secret)), isPrepared: true }
  return runTransaction(db, async (tx) => {
    await lockServerKeys(tx)
    const stored = await selectServerKeys(tx)
    if ((await lockedAmong(stored, secret)).length > 0) throw new WrongServerKeySecret()
    const prepared = stored.find((one) => stateOf(one) === 'PREPARED')
    if (prepared !== undefined) return prepared.id
    await tx.insert(serverKeys).values(key)
    return key.id
  })
}

/**
 * Lets the prepared key sign from now on, or without one a new key, and retires the one before.
 *
 * @param options.isSecretLost removes the keys that the secret does not open, instead of refusing
 * @returns the signing key's id
 * @throws {WrongServerKeySecret}
 */
export async function rotateServerKey(
  db: Database,
  { secret, isSecretLost }: { readonly secret: string; readonly isSecretLost: boolean },
): Promise<string> {
  const key = await createServerKey(secret)
  return runTransaction(db, async (tx) => {
    await lockServerKeys(tx)
    const stored = await selectServerKeys(tx)
    const locked = await lockedAmong(stored, secret)
    if (locked.length > 0 && !isSecretLost) throw new WrongServerKeySecret()
    if (locked.length > 0) await tx.delete(serverKeys).where(inArray(serverKeys.id, locked))
    await tx
      .update(serverKeys)
      .set({ retiredAt: sql`clock_timestamp()` })
      .where(isSigning)
    const prepared = stored.find((one) => stateOf(one) === 'PREPARED' && !locked.includes(one.id))
    if (prepared === undefined) await tx.insert(serverKeys).values(key)
    else await tx.update(serverKeys).set({ isPrepared: false }).where(eq(serverKeys.id, prepared.id))
    return prepared?.id ?? key.id
  })
}

/** The ids of the keys that the secret does not open. */
async function lockedAmong(stored: readonly StoredServerKey[], secret: string): Promise<string[]> {
  const locked: string[] = []
  for (const key of stored) {
    if ((await openServerKey(key, secret)) === null) locked.push(key.id)
  }
  return locked
}

const isSigning = and(isNull(serverKeys.retiredAt), eq(serverKeys.isPrepared, false))

async function selectInOrder(db: Executor, where: SQL | undefined): Promise<StoredServerKey[]> {
  return db
    .select()
    .from(serverKeys)
    .where(where)
    .orderBy(
      desc(isNull(serverKeys.retiredAt)),
      serverKeys.isPrepared,
      desc(serverKeys.createdAt),
      serverKeys.id,
    )
}

async function selectSigning(db: Executor): Promise<{ id: string }[]> {
  return db.select({ id: serverKeys.id }).from(serverKeys).where(isSigning)
}

/** Any number that no other program takes advisory locks on: "clav key" in ASCII. Ends with the transaction. */
async function lockServerKeys(tx: Executor): Promise<void> {
  await tx.execute(sql`SELECT pg_advisory_xact_lock(${0x636c_6176_206b_6579n.toString()}::bigint)`)
}
