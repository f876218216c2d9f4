import { KeyServerError } from '../../schema/wire/errors.ts'
import { VaultError } from '../errors.ts'
import type { ConnectionOptions } from './connection-options.ts'
import { readKeyServer } from './key-server-facts.ts'

/** How many of the key server's origins the message names. */
const namedMax = 5

/**
 * Tells a wrong address from a wrong key. A signature is for one address, and a key server answers SIGNATURE_INVALID for another
 * address as for a wrong or revoked key; it tells its own origins to anybody.
 *
 * @returns {VaultError} ADDRESS_MISMATCH when `url` is none of the key server's origins; otherwise `error` itself
 */
export async function explainRefusal<E>(
  error: E,
  keyServer: ConnectionOptions & { readonly url: string },
): Promise<E | VaultError> {
  if (!(error instanceof KeyServerError) || error.details.reason !== 'SIGNATURE_INVALID') return error
  const origins = (await readKeyServer(keyServer).catch(() => null))?.origins ?? []
  if (origins.length === 0 || origins.includes(keyServer.url)) return error
  const named = origins.filter((text) => URL.parse(text)?.origin === text).slice(0, namedMax)
  const own = named.length === 0 ? '' : ` It is known as ${named.join(', ')}.`
  const detail = `${keyServer.url} is not in its PUBLIC_URL, and a request that is signed for this address is let in by nobody.${own}`
  return new VaultError('ADDRESS_MISMATCH', { detail, cause: error })
}
