import { isThumbprint } from '../../schema/wire/brands.ts'
import { VaultError } from '../errors.ts'
import { anchorsMax, type ManagementKeyRecord } from './keystore.ts'

/**
 * Parses what a keystore's record says about how its device was paired: its anchors and its kind.
 *
 * @throws {VaultError} KEYSTORE_UNREADABLE.
 */
export function parsePairingMembers(
  record: ReadonlyMap<string, unknown>,
): Pick<ManagementKeyRecord, 'anchors' | 'kind'> {
  const [anchors, kind] = [record.get('anchors'), record.get('kind')]
  if (kind !== undefined && kind !== 'VIEWER') throw new VaultError('KEYSTORE_UNREADABLE')
  return { ...parseAnchors(anchors), ...(kind && { kind }) }
}

function parseAnchors(value: unknown): Pick<ManagementKeyRecord, 'anchors'> {
  if (value === undefined) return {}
  if (!Array.isArray(value) || value.length > anchorsMax || !value.every(isThumbprint)) {
    throw new VaultError('KEYSTORE_UNREADABLE')
  }
  return { anchors: value }
}
