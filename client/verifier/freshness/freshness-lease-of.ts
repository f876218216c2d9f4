import type { Verifier } from '../create-verifier.ts'
import type { FreshnessLease } from './freshness-lease.ts'

const leases = new WeakMap<Verifier, FreshnessLease>()

/**
 * Registers the freshness lease of a verifier's cache. `followKeyChanges` renews it; it is not part of the public
 * interface.
 */
export function registerFreshnessLease(verifier: Verifier, lease: FreshnessLease): void {
  leases.set(verifier, lease)
}

/** @throws {TypeError} when `createVerifier` did not create the verifier. */
export function freshnessLeaseOf(verifier: Verifier): FreshnessLease {
  const lease = leases.get(verifier)
  if (lease === undefined) {
    throw new TypeError('Only key changes of a verifier that createVerifier created can be followed.')
  }
  return lease
}
