import { isThumbprint } from '../../schema/wire/brands.ts'
import { VaultError } from '../errors.ts'
import { anchorsMax, type ManagementKeyRecord } from './keystore.ts'

/**
 * Parses the anchors in a keystore's record.
 *
 * @throws {VaultError} KEYSTORE_UNREADABLE.
 */
export function parseAnchors(value: unknown): Pick<ManagementKeyRecord, 'anchors'> {
  if (value === undefined) return {}
  if (!Array.isArray(value) || value.length > anchorsMax || !value.every(isThumbprint)) {
    throw new VaultError('KEYSTORE_UNREADABLE')
  }
  return { anchors: value }
}
