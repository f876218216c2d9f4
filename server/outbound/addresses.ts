import { isIP, type LookupFunction } from 'node:net'
import { resolveName } from './resolve-name.ts'

/*
 * For requests to where somebody else says: a name is resolved once, its addresses are checked, and the connection goes
 * to these very addresses.
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

/** A look-up that knows these addresses only, so that a connection goes to what was checked, and nobody is asked twice. */
export function lookUpAmong(addresses: readonly string[]): LookupFunction {
  const found = addresses.map((address) => ({ address, family: isIP(address) }))
  return (_name, options, answer) => {
    const [first] = found
    if (options.all === true || first === undefined) answer(null, found)
    else answer(null, first.address, first.family)
  }
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
