import { KeyServerError } from '../../schema/wire/errors.ts'
import { VaultError } from '../errors.ts'
import type { ConnectionOptions } from './connection-options.ts'
import { readKeyServer } from './key-server-facts.ts'

/** Maximum number of the key server's origins in the message. */
const namedMax = 5

/**
 * Tells a wrong address apart from a wrong or revoked key. A signature is for one address, and a key server answers
 * SIGNATURE_INVALID to both; it names its origins to anybody.
 *
 * @returns {VaultError} ADDRESS_MISMATCH when `url` is none of the key server's origins; otherwise `error` itself
 */
export async function explainRefusal<T>(
  error: T,
  keyServer: ConnectionOptions & { readonly url: string },
): Promise<T | VaultError> {
  if (!(error instanceof KeyServerError) || error.details.reason !== 'SIGNATURE_INVALID') return error
  const origins = (await readKeyServer(keyServer).catch(() => null))?.origins ?? []
  if (origins.length === 0 || origins.includes(keyServer.url)) return error
  const named = origins.filter((text) => URL.parse(text)?.origin === text).slice(0, namedMax)
  const own = named.length === 0 ? '' : ` It is known as ${named.join(', ')}.`
  const detail = `${keyServer.url} is not in its PUBLIC_URL, and a request that is signed for this address is let in by nobody.${own}`
  return new VaultError('ADDRESS_MISMATCH', { detail, cause: error })
}
