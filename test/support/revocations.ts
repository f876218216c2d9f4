import { setTimeout as delay } from 'node:timers/promises'
import { keepDoing } from './connections.ts'
import { acquire, type RawAccount } from './raw-client.ts'
import { addKey, revokeKey } from './trust.ts'

/** The violation that matters. */
export const servedRevoked = 'a revoked management key was served'

/** An account whose second management key is revoked. */
export interface RevocableOwner extends RawAccount {
  /** The second key acquires it meanwhile. */
  readonly transactionKeyId: string
}

export interface RevocationReport {
  /** Revocations that were under way while the fault was. */
  readonly during: number
  /** How long the fault took. */
  readonly faultMs: number
  readonly granted: number
  /** Acquisitions that were sent after the acknowledgement, and refused for the revocation. */
  readonly refusedAfter: number
  readonly unavailable: number
  /** Whatever must not happen, in words. */
  readonly violations: readonly string[]
}

/**
 * Adds a management key to each account, which acquires through several servers without a pause, and revokes it at a random time while
 * `fault` happens.
 *
 * @param options.withinMs the revocations are sent in so many milliseconds from the beginning of the fault
 */
export async function revokeDuring(
  urls: readonly string[],
  owners: readonly RevocableOwner[],
  { fault, withinMs }: { readonly fault: () => Promise<void>; readonly withinMs: number },
): Promise<RevocationReport> {
  const report = { during: 0, faultMs: 0, granted: 0, refusedAfter: 0, unavailable: 0 }
  const violations: string[] = []
  const revocations = await Promise.all(
    owners.map(async (owner) => ({
      owner,
      second: await addKey(urls[0] ?? '', owner, { copies: [owner.transactionKeyId] }),
      sentMs: Infinity,
      acknowledgedMs: Infinity,
    })),
  )

  async function acquireOnce(url: string, revocation: (typeof revocations)[number]): Promise<void> {
    const sentMs = performance.now()
    const { errors, code } = await acquire(url, revocation.second, { id: revocation.owner.transactionKeyId })
    const isAfter = sentMs > revocation.acknowledgedMs
    if (code === 'UNAVAILABLE') report.unavailable += 1
    else if (errors.length === 0) {
      report.granted += 1
      if (isAfter) violations.push(servedRevoked)
    } else if (code === 'NOT_FOUND' && !isAfter) {
      // The key was active when the request came, and its copies were gone when it was decided.
    } else if (code !== 'UNAUTHENTICATED') violations.push(`an acquisition was answered with ${String(code)}`)
    else if (revocation.sentMs === Infinity)
      violations.push('a management key was refused before its revocation')
    else if (isAfter) report.refusedAfter += 1
  }
  async function revoke(revocation: (typeof revocations)[number]): Promise<void> {
    await delay(Math.random() * withinMs)
    revocation.sentMs = performance.now()
    for (;;) {
      const { errors, code } = await revokeKey(urls[0] ?? '', revocation.owner.key, revocation.second.id)
      if (errors.length === 0) break
      if (code !== 'UNAVAILABLE') throw new Error(`A revocation was answered with ${String(code)}.`)
      await delay(50)
    }
    revocation.acknowledgedMs = performance.now()
  }

  const stops = revocations.flatMap((revocation) =>
    urls.map((url) => keepDoing(() => acquireOnce(url, revocation), 5)),
  )
  try {
    await delay(200)
    const beganMs = performance.now()
    await Promise.all([
      fault().then(() => {
        report.faultMs = performance.now() - beganMs
      }),
      ...revocations.map(revoke),
    ])
    const endedMs = beganMs + report.faultMs
    report.during = revocations.filter(({ sentMs }) => sentMs < endedMs).length
    await delay(500)
  } finally {
    await Promise.all(stops.map((stop) => stop()))
  }
  return { ...report, violations }
}
