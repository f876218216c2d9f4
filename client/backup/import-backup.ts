import { KeyServerError } from '../../schema/wire/errors.ts'
import { publicHalfOf } from '../crypto/public-half.ts'
import { wrapForAll, type Recipient } from '../crypto/wrap.ts'
import { VaultError } from '../errors.ts'
import { readKey, readKeys } from '../keys/list.ts'
import { provePossession } from '../keys/prove-possession.ts'
import type { RewrapOptions } from '../rotation/rewrap-keys.ts'
import type { SkippedKey } from '../rotation/open-wrapped-keys.ts'
import type { Session } from '../trust/session.ts'
import type { Operation } from '../transport/graphql.ts'
import { confirmationOf } from '../trust/confirmation.ts'
import type { BackedUpKey, Backup } from './backup.ts'

export interface ImportReport {
  readonly imported: number
  /** Keys that the key server refused, with the code. */
  readonly skipped: readonly SkippedKey[]
}

/**
 * Stores the keys of a backup in an account that has no other keys, under their ids in the backup: wrapped for the account's
 * management keys, and certified anew by this device. A repeated call stores what is missing.
 *
 * @throws {VaultError} ACCOUNT_NOT_EMPTY when the account has a key that is not in the backup.
 */
export async function importBackup(
  session: Session,
  { keys }: Backup,
  { onProgress }: RewrapOptions = {},
): Promise<ImportReport> {
  const ids = new Set(keys.map(({ id }) => id))
  for await (const { id } of readKeys(session)) {
    if (!ids.has(id)) throw new VaultError('ACCOUNT_NOT_EMPTY')
  }
  const recipients = await session.trust.recipients()
  const skipped: SkippedKey[] = []
  let imported = 0
  for (const [index, key] of keys.entries()) {
    onProgress?.({ done: index, total: keys.length })
    try {
      await store(session, key, recipients)
      imported += 1
    } catch (error) {
      const isRefusal = error instanceof KeyServerError && ['BAD_USER_INPUT', 'CONFLICT'].includes(error.code)
      if (!isRefusal) throw error
      if (await isStored(session, key)) imported += 1
      else skipped.push({ id: key.id, applicationServer: key.applicationServer, code: error.code })
    }
  }
  onProgress?.({ done: keys.length, total: keys.length })
  return { imported, skipped }
}

const storeTransactionKey: Operation<string> = {
  kind: 'mutation',
  document: /* GraphQL */ `
    mutation ImportTransactionKey($input: StoreTransactionKeyInput!) {
      storeTransactionKey(input: $input) {
        id
      }
    }
  `,
  parse: (data) => data.object('storeTransactionKey').text('id'),
}

async function store(session: Session, key: BackedUpKey, recipients: readonly Recipient[]): Promise<void> {
  const { id, applicationServer, label, secret, notBefore, expiresAt, maxUses, overusePolicy } = key
  const terms = { notBefore, expiresAt, maxUses, overusePolicy }
  const cnf = await confirmationOf(secret)
  const input = {
    id,
    applicationServer,
    label: label ?? undefined,
    publicKey: (await publicHalfOf(secret)) ?? undefined,
    wrappedKeys: await wrapForAll(secret, { id, applicationServer, recipients }),
    notBefore: notBefore?.toISOString(),
    expiresAt: expiresAt?.toISOString(),
    maxUses: maxUses ?? undefined,
    overusePolicy,
    certificate: await session.trust.certify({ id, applicationServer, cnf, ...terms }),
    possession: await provePossession(session, { id, applicationServer, secret }),
  }
  await session.keyServer.run(storeTransactionKey, { input })
}

/** Whether an earlier call stored it: the account has a trusted key with this id and public key. */
async function isStored(session: Session, { id, thumbprint }: BackedUpKey): Promise<boolean> {
  const stored = await readKey(session, id)
  return stored?.trustError === null && stored.thumbprint === thumbprint
}
