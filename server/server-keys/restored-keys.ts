import { inArray } from 'drizzle-orm'
import { serverKeys } from '../../schema/tables/index.ts'
import type { Executor } from '../database/connect.ts'
import { openServerKey } from './server-key.ts'
import { secretRecipe, selectServerKeys, stateOf, unopenableIds } from './server-key-rows.ts'

/** Where the secret comes from that opens the signing key; NEITHER when the one at hand does not. Null without such a key. */
export type SecretInUse = 'SETTING' | 'PASSWORD' | 'NEITHER' | null

/** The secret at hand: SERVER_KEY_SECRET, or else what is made from the password of the database. */
export interface SecretAtHand {
  readonly secret: string
  readonly isSetting: boolean
}

/** Finds which secret a backup needs beside it. */
export async function findSecretInUse(
  tx: Executor,
  { secret, isSetting }: SecretAtHand,
): Promise<SecretInUse> {
  const signing = (await selectServerKeys(tx)).find((key) => stateOf(key) === 'SIGNING')
  if (signing === undefined) return null
  if ((await openServerKey(signing, secret)) === null) return 'NEITHER'
  return isSetting ? 'SETTING' : 'PASSWORD'
}

export type RestoredKeys = 'KEPT' | 'LEFT_OUT'

/**
 * Makes sure that a key server can start with the restored keys: those that the secret does not open are refused, or left out.
 *
 * @param options.mayLeaveOut the operator said so, or nobody can have kept the secret
 * @throws Error in words that say how to get the secret
 */
export async function settleRestoredKeys(
  tx: Executor,
  {
    secret,
    isSetting,
    inUse,
    mayLeaveOut,
  }: SecretAtHand & { readonly inUse: SecretInUse; readonly mayLeaveOut: boolean },
): Promise<RestoredKeys> {
  const unopenable = await unopenableIds(await selectServerKeys(tx), secret)
  if (unopenable.length === 0) return 'KEPT'
  if (!mayLeaveOut) throw new Error(refusal(inUse, { isSetting }))
  await tx.delete(serverKeys).where(inArray(serverKeys.id, unopenable))
  return 'LEFT_OUT'
}

function refusal(inUse: SecretInUse, { isSetting }: { readonly isSetting: boolean }): string {
  const present = isSetting ? 'this SERVER_KEY_SECRET' : "what is made from this database's password"
  const former =
    inUse === 'PASSWORD'
      ? `what the password of the former database made: ${secretRecipe}. The embedded PostgreSQL had it in the file "password" of its DATA_DIR`
      : 'that of the key server which was backed up'
  return (
    `Nothing was restored: the server's keys in this backup are sealed under another secret than ${present}. Set ` +
    `SERVER_KEY_SECRET to ${former}. When it is lost, --secret-lost leaves these keys out: the key server makes a new one, ` +
    'which application servers that pin its keys have to pin, and webhooks need new secrets.'
  )
}
