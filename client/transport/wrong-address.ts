import { KeyServerError } from '../../schema/wire/errors.ts'
import { VaultError } from '../errors.ts'
import type { ConnectionOptions } from './connection-options.ts'
import { readKeyServer } from './key-server-facts.ts'

/** What the message names of the origins that the key server tells. */
const namedMax = 5

/**
 * What remains to be told of a refusal. A signature is for one address, and a key server answers SIGNATURE_INVALID for another
 * one as for a wrong or revoked key; it tells its own origins to anybody.
 *
 * @returns {VaultError} ADDRESS_MISMATCH when `url` is none of the key server's origins; otherwise `error` itself
 */
export async function explainRefusal(
  error: unknown,
  keyServer: ConnectionOptions & { readonly url: string },
): Promise<unknown> {
  if (!(error instanceof KeyServerError) || error.details.reason !== 'SIGNATURE_INVALID') return error
  const origins = (await readKeyServer(keyServer).catch(() => null))?.origins ?? []
  if (origins.length === 0 || origins.includes(keyServer.url)) return error
  const named = origins.filter((text) => URL.parse(text)?.origin === text).slice(0, namedMax)
  const own = named.length === 0 ? '' : ` It is known as ${named.join(', ')}.`
  const detail = `${keyServer.url} is not in its PUBLIC_URL, and a request that is signed for this address is let in by nobody.${own}`
  return new VaultError('ADDRESS_MISMATCH', { detail, cause: error })
}
