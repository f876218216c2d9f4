import { parseSigningJwk, type SigningJwk } from '../../../schema/wire/keys/jwk.ts'
import { thumbprint } from '../../../schema/wire/keys/thumbprint.ts'
import { readBoundedBody } from '../../transport/bounded-body.ts'
import { VaultError } from '../../errors.ts'
import type { Fetch } from '../../transport/signing-fetch.ts'

/** Finds a server key by its RFC 7638 thumbprint; null when there is none. */
export type KeySet = (kid: string) => Promise<SigningJwk | null>

/** A JSON Web Key Set (RFC 7517 §5). */
export interface JwkSet {
  readonly keys: readonly object[]
}

/**
 * A configured key set: nothing that the key server sends changes it.
 *
 * @throws {InvalidJwk} from the first call on, when a key is neither Ed25519 nor P-256.
 */
export function pinnedKeySet({ keys }: JwkSet): KeySet {
  const byThumbprint = indexKeys(keys)
  // Each call awaits it and throws its error; without a call the rejection is handled here.
  byThumbprint.catch(() => undefined)
  return async (kid) => (await byThumbprint).get(kid) ?? null
}

/** How long a fetched key set is used, in milliseconds. */
const lifeMs = 300_000

/** Minimum time between fetches for unknown thumbprints, in milliseconds: anybody can present one. */
const refetchMs = 10_000

const bytesMax = 64 * 1024

/** The key set that the key server publishes at `/.well-known/jwks.json`. TLS authenticates it. */
export function fetchedKeySet({
  origin,
  fetch = globalThis.fetch,
  timeoutMs,
  monotonicMs,
}: {
  readonly origin: string
  readonly fetch: Fetch | undefined
  readonly timeoutMs: number
  readonly monotonicMs: () => number
}): KeySet {
  let current: Promise<Map<string, SigningJwk>> | null = null
  let fetchedAtMs = -Infinity
  const refetch = (past: 'caches' | null) => {
    fetchedAtMs = monotonicMs()
    const keys = fetchKeys(`${origin}/.well-known/jwks.json`, { fetch, timeoutMs, past })
    keys.catch(() => {
      if (current === keys) current = null
    })
    current = keys
    return keys
  }
  return async (kid) => {
    const isOld = monotonicMs() - fetchedAtMs >= lifeMs
    const used = current === null || isOld ? refetch(null) : current
    const found = (await used).get(kid)
    if (found !== undefined) return found
    // A concurrent call for the same thumbprint may have started a fetch meanwhile.
    const isNewer = current !== null && current !== used
    const newer = isNewer ? current : monotonicMs() - fetchedAtMs < refetchMs ? null : refetch('caches')
    return (await newer)?.get(kid) ?? null
  }
}

async function fetchKeys(
  url: string,
  { fetch, timeoutMs, past }: { fetch: Fetch; timeoutMs: number; past: 'caches' | null },
): Promise<Map<string, SigningJwk>> {
  const ended = new AbortController()
  const timer = setTimeout(() => {
    ended.abort()
  }, timeoutMs)
  try {
    const response = await fetch(url, {
      signal: ended.signal,
      redirect: 'error',
      credentials: 'omit',
      ...(past === 'caches' && { headers: { 'cache-control': 'no-cache' } }),
    })
    const bytes = response.ok ? await readBoundedBody(response.body, bytesMax) : null
    return await indexKeys(keysIn(JSON.parse(new TextDecoder().decode(bytes ?? new Uint8Array()))))
  } catch {
    throw new VaultError(ended.signal.aborted ? 'TIMEOUT' : 'NETWORK', {
      detail: 'Its key set could not be fetched.',
    })
  } finally {
    clearTimeout(timer)
  }
}

function keysIn(value: unknown): readonly unknown[] {
  const keys = typeof value === 'object' && value !== null && 'keys' in value ? value.keys : null
  if (!Array.isArray(keys)) throw new VaultError('ANSWER_MALFORMED')
  return keys
}

async function indexKeys(keys: readonly unknown[]): Promise<Map<string, SigningJwk>> {
  return new Map(
    await Promise.all(
      keys.map(async (value) => {
        const key = parseSigningJwk(value)
        return [await thumbprint(key), key] as const
      }),
    ),
  )
}
