import type { Verifier } from '../create-verifier.ts'
import type { FreshnessLease } from './freshness-lease.ts'

const trusts = new WeakMap<Verifier, FreshnessLease>()

/** Notes what the cache of a verifier may be used for: the affair of `followKeyChanges`, and no part of its interface. */
export function registerCacheTrust(verifier: Verifier, trust: FreshnessLease): void {
  trusts.set(verifier, trust)
}

/** @throws {TypeError} for what `createVerifier` has not made. */
export function cacheTrustOf(verifier: Verifier): FreshnessLease {
  const trust = trusts.get(verifier)
  if (trust === undefined)
    throw new TypeError('Only a verifier that createVerifier has made can be followed.')
  return trust
}
