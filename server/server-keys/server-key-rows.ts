import { and, desc, eq, gt, inArray, isNull, or, sql, type SQL } from 'drizzle-orm'
import { serverKeys } from '../../schema/tables/index.ts'
import type { Database, Executor } from '../database/connect.ts'
import { runTransaction } from '../database/transaction.ts'
import { createServerKey, openServerKey, type SealedServerKey } from './server-key.ts'

/**
 * How long a retired key stays published, in minutes. Another server may sign with it for one more minute, until it reads
 * the keys again, and an answer is valid for five; the rest covers caches and clock differences.
 */
export const publishedAfterRetirementMinutes = 20

/** A server key as its row has it. */
export interface StoredServerKey extends SealedServerKey {
  readonly createdAt: Date
  readonly isPrepared: boolean
  /** Null for the signing key, and for the prepared one. */
  readonly retiredAt: Date | null
}

/** A server key is prepared, then signs, then is retired. */
export type ServerKeyState = 'SIGNING' | 'PREPARED' | 'RETIRED'

export function stateOf({
  isPrepared,
  retiredAt,
}: Pick<StoredServerKey, 'isPrepared' | 'retiredAt'>): ServerKeyState {
  if (retiredAt !== null) return 'RETIRED'
  return isPrepared ? 'PREPARED' : 'SIGNING'
}

/** The published keys: the signing key, then the prepared one, then retired ones, newest first. */
export async function selectPublishedKeys(db: Executor): Promise<StoredServerKey[]> {
  const overlap = sql`clock_timestamp() - make_interval(mins => ${publishedAfterRetirementMinutes})`
  return selectInOrder(db, or(isNull(serverKeys.retiredAt), gt(serverKeys.retiredAt, overlap)))
}

/** All keys that are kept, in the same order. */
export async function selectServerKeys(db: Executor): Promise<StoredServerKey[]> {
  return selectInOrder(db, undefined)
}

/** Creates a signing key when there is none. When several servers start at once, one of them creates it. */
export async function ensureServerKey(db: Database, secret: string): Promise<void> {
  if ((await selectSigning(db)).length > 0) return
  const key = await createServerKey(secret)
  await runTransaction(db, async (tx) => {
    await lockServerKeys(tx)
    if ((await selectSigning(tx)).length === 0) await tx.insert(serverKeys).values(key)
  })
}

/** A command that makes the secret from a password, as {@link serverKeySecretOf} does. */
export const secretRecipe =
  `"printf 'claviger server key secret\\n%s' OLD_PASSWORD | openssl dgst -sha256 -binary | openssl base64 | tr '+/' '-_' | ` +
  `tr -d '='", with the password as it stood in the URL (percent-encoded)`

/** The secret does not open the key that signs. */
export class WrongServerKeySecret extends Error {
  override readonly name = 'WrongServerKeySecret'

  constructor() {
    super(
      'The signing key in the database is sealed under another secret than the one that this server has. Without ' +
        'SERVER_KEY_SECRET the secret is made from the password in DATABASE_URL: when that one was changed, set ' +
        `SERVER_KEY_SECRET to what the old password made: ${secretRecipe}. ` +
        'Else set SERVER_KEY_SECRET to the right one. When it is lost, ' +
        '"claviger server-key rotate --secret-lost" makes a new key under the present secret; answers signed before can ' +
        'then no longer be checked.',
    )
  }
}

/**
 * Creates the key that will sign after the next rotation, and publishes it now, so that verifiers that pin the key set can
 * add it before it signs. A key that is prepared already stays; when called several times at once, one call creates it.
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
    if ((await unopenableIds(stored, secret)).length > 0) throw new WrongServerKeySecret()
    const prepared = stored.find((one) => stateOf(one) === 'PREPARED')
    if (prepared !== undefined) return prepared.id
    await tx.insert(serverKeys).values(key)
    return key.id
  })
}

/**
 * Makes the prepared key, or a new one when none is prepared, the signing key, and retires the previous one.
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
    const unopenable = await unopenableIds(stored, secret)
    if (unopenable.length > 0 && !isSecretLost) throw new WrongServerKeySecret()
    if (unopenable.length > 0) await tx.delete(serverKeys).where(inArray(serverKeys.id, unopenable))
    await tx
      .update(serverKeys)
      .set({ retiredAt: sql`statement_timestamp()` })
      .where(isSigning)
    const prepared = stored.find((one) => stateOf(one) === 'PREPARED' && !unopenable.includes(one.id))
    if (prepared === undefined) await tx.insert(serverKeys).values(key)
    else await tx.update(serverKeys).set({ isPrepared: false }).where(eq(serverKeys.id, prepared.id))
    return prepared?.id ?? key.id
  })
}

/** The ids of the keys that the secret does not open. */
export async function unopenableIds(stored: readonly StoredServerKey[], secret: string): Promise<string[]> {
  const ids: string[] = []
  for (const key of stored) {
    if ((await openServerKey(key, secret)) === null) ids.push(key.id)
  }
  return ids
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

/** Taken until the transaction ends. The number is "clav key" in ASCII, which no other program is likely to lock. */
async function lockServerKeys(tx: Executor): Promise<void> {
  await tx.execute(sql`SELECT pg_advisory_xact_lock(${0x636c_6176_206b_6579n.toString()}::bigint)`)
}
