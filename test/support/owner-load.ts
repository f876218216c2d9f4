import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'vitest'
import { auditPage, hashOf, type AuditEntry } from './audit.ts'
import { eventually, keepDoing } from './connections.ts'
import { alertsOf, pick, secondsAhead, succeed } from './operations.ts'
import {
  openAccount,
  send,
  signRequest,
  storeKey,
  wrappedKeyQuery,
  type GraphQLAnswer,
  type RawAccount,
  type RawKey,
} from './raw-client.ts'
import { listAllAlerts } from './realtime.ts'
import { feedOverSocket, type AlertFeed } from './socket.ts'
import { addKey, beginning, revokeKey } from './trust.ts'

/** The keys of an owner under load, by their limit of uses. */
const kinds = ['free', 'noted', 'refusing'] as const
type Kind = (typeof kinds)[number]

const usesMax = { noted: 1, refusing: 20 }
/** Later than the load begins. */
const endsInSeconds = 10

/** An account under load, and what its owner was told. */
export interface LoadedOwner extends RawAccount {
  readonly keyIds: Readonly<Record<Kind, string>>
  /** A key whose term ends under load. */
  readonly endingId: string
  /** All of the account's alerts. */
  readonly feed: AlertFeed
  /** A management key that is revoked under load. */
  readonly second: RawKey
  /** How many acquisitions of each key were answered with its wrapped key, each counted once however often it was asked. */
  readonly granted: Record<Kind, number>
  /** When the answer to the revocation came. */
  revokedMs: number | null
  /** Whatever must not happen, in words. */
  readonly violations: string[]
}

/** Answers so far. */
export interface LoadReport {
  readonly granted: number
  readonly replaysRefused: number
  /** Answers of UNAVAILABLE. */
  readonly unavailable: number
  readonly longestMs: number
}

/** Opens accounts with the keys for {@link load}. */
export async function openLoadedOwners(url: string, count: number): Promise<LoadedOwner[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const account = await openAccount(url)
      const store = async (changes: object) => (await storeKey(url, account.key, { ...changes })).id
      const keyIds = {
        free: await store({}),
        noted: await store({ maxUses: usesMax.noted }),
        refusing: await store({ maxUses: usesMax.refusing, overusePolicy: 'REFUSE' }),
      }
      const endingId = await store({
        expiresAt: secondsAhead(endsInSeconds).toISOString(),
        expiryNotices: [],
      })
      const feed = await feedOverSocket(url, account.key, { after: beginning })
      const second = await addKey(url, account, { copies: [keyIds.free] })
      const granted = { free: 0, noted: 0, refusing: 0 }
      return { ...account, keyIds, endingId, feed, second, granted, revokedMs: null, violations: [] }
    }),
  )
}

/**
 * Acquires for all owners through several servers while `fault` happens: each acquisition again, with its id, until it
 * is granted or refused for good. Each granted request is sent once more as it was. In the middle each owner's second
 * key is revoked, which acquires meanwhile.
 */
export async function load(
  urls: readonly string[],
  owners: readonly LoadedOwner[],
  fault: () => Promise<void>,
): Promise<LoadReport> {
  const report = { granted: 0, replaysRefused: 0, unavailable: 0, longestMs: 0 }
  let turn = 0
  const sign = (key: RawKey, variables: object) =>
    signRequest(urls[turn++ % urls.length] ?? '', key, { query: wrappedKeyQuery, variables })
  const measured = async (request: Parameters<typeof send>[0]): Promise<GraphQLAnswer> => {
    const sentMs = performance.now()
    const answer = await send(request)
    report.longestMs = Math.max(report.longestMs, performance.now() - sentMs)
    if (answer.code === 'UNAVAILABLE') report.unavailable += 1
    return answer
  }

  async function acquireOnce(owner: LoadedOwner, kind: Kind): Promise<void> {
    const variables = { id: owner.keyIds[kind], acquisitionId: randomUUID() }
    for (;;) {
      const request = await sign(owner.key, variables)
      const { errors, code } = await measured(request)
      if (errors.length === 0) {
        owner.granted[kind] += 1
        report.granted += 1
        const replayed = await measured(request)
        if (replayed.errors.length === 0) owner.violations.push('a request was granted twice')
        if (replayed.errors[0]?.extensions['reason'] === 'SIGNATURE_REPLAYED') report.replaysRefused += 1
        return
      }
      if (code === 'KEY_OVERUSED' && kind === 'refusing') return
      if (code !== 'UNAVAILABLE') owner.violations.push(`an acquisition was answered with ${String(code)}`)
      await delay(50)
    }
  }
  async function acquireBySecond(owner: LoadedOwner): Promise<void> {
    const sentMs = performance.now()
    const { errors, code } = await measured(await sign(owner.second, { id: owner.keyIds.free }))
    if (errors.length === 0) {
      // The keys of both are one: this use counts as well, and one whose answer was lost would be missing.
      if (owner.revokedMs !== null && sentMs > owner.revokedMs) {
        owner.violations.push('a revoked management key was served')
      }
    } else if (code !== 'UNAVAILABLE' && code !== 'UNAUTHENTICATED' && code !== 'NOT_FOUND') {
      owner.violations.push(`the second key was answered with ${String(code)}`)
    }
  }
  async function revokeSecond(owner: LoadedOwner): Promise<void> {
    for (;;) {
      const { code } = await revokeKey(urls[0] ?? '', owner.key, owner.second.id)
      if (code !== 'UNAVAILABLE') break
      await delay(100)
    }
    owner.revokedMs = performance.now()
  }

  const stops = owners.flatMap((owner) => [
    ...kinds.map((kind) => keepDoing(() => acquireOnce(owner, kind), 1)),
    keepDoing(() => acquireBySecond(owner), 20),
  ])
  const revoking = delay(1_500).then(() => Promise.all(owners.map(revokeSecond)))
  try {
    await fault()
  } finally {
    await revoking
    await Promise.all(stops.map((stop) => stop()))
  }
  return report
}

/** Ends the subscriptions of {@link openLoadedOwners}. */
export async function closeFeeds(owners: readonly LoadedOwner[]): Promise<void> {
  await Promise.all(owners.map(({ feed }) => feed.close()))
}

/** Expects that counts, alerts and the audit logs agree with what the owners were told, once all is well again. */
export async function expectExact(url: string, owners: readonly LoadedOwner[]): Promise<void> {
  for (const owner of owners) {
    expect(owner.violations).toEqual([])
    await expectExactCounts(url, owner)
    await expectExactAlerts(url, owner)
    await expectExactAuditLog(url, owner)
  }
}

async function expectExactCounts(url: string, owner: LoadedOwner): Promise<void> {
  const [free, noted, refusing] = await Promise.all(kinds.map((kind) => usageOf(url, owner, kind)))
  expect(free?.uses).toBeGreaterThanOrEqual(owner.granted.free)
  expect(noted?.uses).toBe(owner.granted.noted)
  expect(refusing?.uses).toBe(owner.granted.refusing)
  expect(refusing?.uses).toBeLessThanOrEqual(usesMax.refusing)

  const alerts = await alertsOf(url, owner.key, ['KEY_OVERUSED'])
  const excesses = (kind: Kind) =>
    alerts
      .filter((alert) => pick(alert, 'transactionKey', 'id') === owner.keyIds[kind])
      .map((alert) => pick(alert, 'excess'))
  expect(excesses('noted')).toEqual(powersUpTo((noted?.uses ?? NaN) - usesMax.noted))
  expect(excesses('refusing')).toEqual(powersUpTo(refusing?.refused ?? NaN))
}

async function usageOf(
  url: string,
  owner: LoadedOwner,
  kind: Kind,
): Promise<{ readonly uses: number; readonly refused: number }> {
  const data = await succeed(url, owner.key, {
    query: 'query ($id: ID!) { transactionKey(id: $id) { useCount refusedCount } }',
    variables: { id: owner.keyIds[kind] },
  })
  return {
    uses: Number(pick(data, 'transactionKey', 'useCount')),
    refused: Number(pick(data, 'transactionKey', 'refusedCount')),
  }
}

async function expectExactAlerts(url: string, owner: LoadedOwner): Promise<void> {
  await eventually(async () => (await alertsOf(url, owner.key, ['KEY_EXPIRED'])).length > 0, {
    withinMs: 1_000 * endsInSeconds + 20_000,
    what: 'the end of a term is alerted',
  })
  const listed = await listAllAlerts(url, owner)
  expect(listed.filter(({ kind }) => kind === 'KEY_EXPIRED')).toHaveLength(1)
  // A subscription that began before has had each once, in order.
  const heard = []
  while (heard.length < listed.length) heard.push((await owner.feed.next(15_000)).id)
  expect(heard).toEqual(listed.map(({ id }) => id))
}

async function expectExactAuditLog(url: string, owner: LoadedOwner): Promise<void> {
  const entries = await completeAuditLog(url, owner.key)
  const acquired = (kind: Kind) =>
    entries.filter(
      ({ transactionKeyId, granted, action, managementKeyId }) =>
        action === 'KEY_ACQUIRED' &&
        granted &&
        transactionKeyId === owner.keyIds[kind] &&
        managementKeyId === owner.key.id,
    ).length
  for (const kind of kinds) expect(acquired(kind)).toBeGreaterThanOrEqual(owner.granted[kind])
}

function powersUpTo(most: number): number[] {
  const powers = []
  for (let power = 1; power <= most; power *= 2) powers.push(power)
  return powers
}

/** All entries of an account, oldest first, whose sequence and hashes are checked: each was sealed once and none is missing. */
async function completeAuditLog(url: string, key: RawKey): Promise<AuditEntry[]> {
  const entries: AuditEntry[] = []
  for (let after: string | undefined; ;) {
    const page = await auditPage(url, key, { ...(after !== undefined && { after }) })
    entries.push(...page.entries)
    if (pick(page.pageInfo, 'hasNextPage') !== true) break
    after = String(pick(page.pageInfo, 'endCursor'))
  }
  entries.reverse()
  expect(entries.map(({ sequence }) => sequence)).toEqual(entries.map((_entry, index) => index + 1))
  let previous = '0'.repeat(64)
  for (const entry of entries) {
    expect(hashOf(entry, previous)).toBe(entry.hash)
    previous = entry.hash
  }
  return entries
}
