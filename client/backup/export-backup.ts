import { limits } from '../../schema/wire/limits.ts'
import { readKeyPage } from '../keys/describe.ts'
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
  /** A compact JWE, to be kept as a file. */
  readonly sealed: string
  readonly keyCount: number
  /** Keys that this device could not open or check, and so are not in it. */
  readonly skipped: readonly SkippedKey[]
}

/**
 * Exports every key that this device can open, under a passphrase. It is no use of the keys, and the owner is alerted.
 * Revoked keys are given out no more.
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
  const withoutCopy = keys
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
    skipped: [...skipped, ...withoutCopy],
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
