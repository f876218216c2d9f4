import { KeyServerError } from '../../schema/wire/errors.ts'
import { VaultError } from '../errors.ts'
import { readListedAccount } from '../trust/listed-account.ts'
import type { Session } from '../trust/session.ts'
import { openAccount } from './account.ts'

/**
 * Opens an account. CONFLICT, or FORBIDDEN for a used invitation, is a success when this key has the account: an earlier answer
 * was lost.
 */
export async function openAccountOnce(
  session: Session,
  options: Parameters<typeof openAccount>[1],
): Promise<void> {
  try {
    await openAccount(session, options)
  } catch (error) {
    const isRefused =
      error instanceof KeyServerError && (error.code === 'CONFLICT' || error.code === 'FORBIDDEN')
    if (!isRefused || (await readNameOrNull(session)) !== session.owner) throw error
  }
}

/** A stored key whose name was taken may be used for another name; a key that is in use may not. */
export async function assertUnused(session: Session): Promise<void> {
  if ((await readNameOrNull(session)) !== null) {
    throw new VaultError('KEYSTORE_OCCUPIED', { detail: 'It belongs to another account.' })
  }
}

/** The name of the account of the session's management key; null when the key server does not know the key. */
async function readNameOrNull(session: Session): Promise<string | null> {
  try {
    return (await readListedAccount(session.keyServer)).name
  } catch (error) {
    if (error instanceof KeyServerError && error.details.reason === 'SIGNATURE_INVALID') return null
    throw error
  }
}
