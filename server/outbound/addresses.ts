import { lookup as lookUp } from 'node:dns/promises'
import { isIP, type LookupFunction } from 'node:net'

/*
 * For requests to where somebody else says: a name is resolved once, its addresses are checked, and the connection goes
 * to these very addresses.
 */

/**
 * The addresses of a URL's host; none when it has none. Of one that is written as an address, which URL has made
 * canonical, the address itself.
 */
export async function addressesOf(
  { hostname }: URL,
  resolve: (name: string) => Promise<readonly string[]> = resolveBySystem,
): Promise<readonly string[]> {
  const host = hostname.replace(/^\[|\]$/g, '')
  return isIP(host) === 0 ? resolve(host).catch(() => []) : [host]
}

async function resolveBySystem(name: string): Promise<readonly string[]> {
  return (await lookUp(name, { all: true })).map(({ address }) => address)
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
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
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
