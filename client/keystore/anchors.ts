import { decodeBase64url } from '../../schema/wire/base64url.ts'
import { VaultError } from '../errors.ts'
import { anchorsMax, type ManagementKeyRecord } from './keystore.ts'

/**
 * Reads the anchors that a keystore has kept with its record.
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

function isThumbprint(value: unknown): value is string {
  return typeof value === 'string' && decodeBase64url(value)?.length === 32
}
