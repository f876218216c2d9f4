import { isIP } from 'node:net'
import { isPublicAddress } from './public-address.ts'
import { resolveName } from './resolve-name.ts'

/*
 * For requests to a URL that somebody else chose. Its name is resolved once, each of its addresses is checked, and the
 * connection goes to these very addresses (send-request.ts): a name that answers differently the second time (DNS
 * rebinding) is not asked a second time.
 */

export interface AddressesOptions {
  /** The addresses of a name; by default {@link resolveName}. */
  readonly resolve?:
    ((name: string, options: { signal: AbortSignal }) => Promise<readonly string[]>) | undefined
  readonly signal: AbortSignal
}

/**
 * The addresses of a URL's host; none when it has none. A host that is written as an address, which URL has
 * made canonical, needs no look-up.
 *
 * @throws Error as soon as the signal is aborted
 */
export async function addressesOf(
  { hostname }: URL,
  { resolve = resolveName, signal }: AddressesOptions,
): Promise<readonly string[]> {
  const host = hostname.replace(/^\[|\]$/g, '')
  if (isIP(host) !== 0) return [host]
  return abortable(
    resolve(host, { signal }).catch(() => []),
    signal,
  )
}

/** The addresses of a URL's host, if a request may go to all of them; otherwise why it may not. */
export async function allowedAddresses(
  url: URL,
  {
    allowsPrivate,
    ...options
  }: AddressesOptions & {
    /** Also addresses that only the operator's own network reaches. */
    readonly allowsPrivate: boolean
  },
): Promise<readonly string[] | 'NAME_NOT_FOUND' | 'ADDRESS_REFUSED'> {
  const addresses = await addressesOf(url, options)
  if (addresses.length === 0) return 'NAME_NOT_FOUND'
  return allowsPrivate || addresses.every(isPublicAddress) ? addresses : 'ADDRESS_REFUSED'
}

/** Rejects as soon as the signal is aborted. */
async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const abort = () => {
    reject(new Error('Aborted.'))
  }
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
