import { limits } from '../../schema/wire/limits.ts'
import { readKeyPage } from '../keys/list.ts'
import type { DescribedTransactionKey } from '../keys/transaction-key.ts'
import { pagesOf } from '../transport/pages.ts'
import type { RewrapOptions } from '../rotation/rewrap-keys.ts'
import {
  joined,
  openWrappedKeys,
  type OpenedKey,
  type OpenedKeys,
  type SkippedKey,
} from '../rotation/open-wrapped-keys.ts'
import type { Session } from '../trust/session.ts'
import { serializeBackup, type BackedUpKey } from './backup.ts'
import { sealText } from './sealed-text.ts'

export interface ExportedBackup {
  /** A compact JWE, to be stored as a file. */
  readonly sealed: string
  readonly keyCount: number
  /** Keys that are missing in the backup, because this device could not open or verify them. */
  readonly skipped: readonly SkippedKey[]
}

/**
 * Exports every key that this device can open, encrypted with a passphrase. It is not counted as a use of the keys, and
 * raises an alert. Revoked keys cannot be exported.
 */
export async function exportBackup(
  session: Session,
  { passphrase, onProgress }: RewrapOptions & { readonly passphrase: string },
): Promise<ExportedBackup> {
  const { url, owner, trust, managementKey } = session
  const { account } = await trust.readAccount()
  const pages = pagesOf((after) => readKeyPage(session, { after, first: limits.batchMax }))
  const keys = (await pages.toArray()).filter(({ state }) => state !== 'REVOKED')
  const isHeld = ({ wrappedFor }: DescribedTransactionKey) => wrappedFor.includes(managementKey.id)
  const held = keys.filter(isHeld)
  const parts: OpenedKeys[] = []
  for (let start = 0; start < held.length; start += limits.batchMax) {
    onProgress?.({ done: start, total: held.length })
    parts.push(await openWrappedKeys(session, held.slice(start, start + limits.batchMax), 'EXPORT'))
  }
  onProgress?.({ done: held.length, total: held.length })
  const { opened, skipped } = joined(parts)
  const unwrapped = keys
    .filter((key) => !isHeld(key))
    .map(({ id, applicationServer }) => ({ id, applicationServer, code: 'NOT_FOUND' as const }))
  const text = serializeBackup({
    url,
    owner,
    exportedAt: new Date(),
    keys: opened.map(toBackedUpKey),
    endorsements: account.managementKeys.flatMap(({ endorsement }) => endorsement ?? []),
  })
  return {
    sealed: await sealText(text, passphrase),
    keyCount: opened.length,
    skipped: [...skipped, ...unwrapped],
  }
}

function toBackedUpKey({ key, secret }: OpenedKey): BackedUpKey {
  const { id, applicationServer, label, thumbprint, certificate } = key
  const { notBefore, expiresAt, maxUses, overusePolicy } = key
  return {
    id,
    applicationServer,
    label,
    thumbprint,
    secret,
    certificate,
    notBefore,
    expiresAt,
    maxUses,
    overusePolicy,
  }
}
