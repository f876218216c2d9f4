import { z } from 'zod'
import type { TransactionKeyId } from '../../schema/wire/brands.ts'
import { limits } from '../../schema/wire/limits.ts'
import { nonceRefusals } from '../auth/nonces.ts'
import type { NonceToConsume } from '../auth/signed-request.ts'
import type { Databases } from '../database/connect.ts'
import { codesOf } from '../database/error-codes.ts'
import { traceStep } from '../lib/traces.ts'

/** The refusals of an acquisition whose nonce was consumed. */
export const acquisitionRefusals = ['NOT_FOUND', 'KEY_REVOKED', 'KEY_NOT_YET_VALID', 'KEY_OVERUSED'] as const

/** A request for one key, to use it. */
export interface GroupedAcquisition extends NonceToConsume {
  readonly nonce: string
  readonly transactionKeyId: TransactionKeyId
  readonly acquisitionId: string | null
}

/** The decision, and the JWE where it is GRANTED. */
export interface GroupedOutcome {
  readonly outcome: 'GRANTED' | (typeof nonceRefusals)[number] | (typeof acquisitionRefusals)[number]
  readonly jwe: string | null
}

const place = z.int()
const outcomeRow = z.discriminatedUnion('outcome', [
  z.object({ place, outcome: z.literal('GRANTED'), wrapped_key: z.string() }),
  z.object({
    place,
    outcome: z.enum([...nonceRefusals, ...acquisitionRefusals, 'BUSY', 'ALONE']),
    wrapped_key: z.null(),
  }),
])

/** Requests of a statement: with more, the time of one would be felt by the others. */
const groupMax = 64
/** While so many groups are under way, what comes waits for the next one. */
const groupsMax = 2

interface Waiting {
  readonly asked: GroupedAcquisition
  /** The transaction key, with its account. */
  readonly key: string
  readonly resolve: (outcome: GroupedOutcome) => void
  readonly reject: (error: unknown) => void
}

/**
 * Decides concurrent acquisitions in groups, each by one statement and one commit (`acquire_wrapped_key_group`). A lone request
 * waits for no timer. Each account has a queue, and a group takes one of each in turn: a flood from one account fills what the
 * others leave. A transaction key is in one group at a time, which its further requests wait for.
 *
 * A group waits for no lock. A request that needs one held by another transaction is decided apart, in a group of its transaction key
 * that waits; what is due for an alert is decided alone.
 *
 * A group that the database refuses as a whole has left no trace, so its requests are decided alone. When its connection is
 * lost, nobody knows what was committed, and all of them fail as each would.
 */
export class AcquisitionGroups {
  readonly #databases: Databases
  readonly #acquireAlone: (asked: GroupedAcquisition) => Promise<GroupedOutcome>
  /** By account; the one that was served last comes last. */
  readonly #queues = new Map<string, Waiting[]>()
  readonly #keysUnderWay = new Set<string>()
  #groups = 0

  constructor(databases: Databases, acquireAlone: (asked: GroupedAcquisition) => Promise<GroupedOutcome>) {
    this.#databases = databases
    this.#acquireAlone = acquireAlone
  }

  acquire(asked: GroupedAcquisition): Promise<GroupedOutcome> {
    const { promise, resolve, reject } = Promise.withResolvers<GroupedOutcome>()
    const { accountId, transactionKeyId } = asked
    const queue = this.#queues.get(accountId)
    const waiting = { asked, key: `${accountId} ${transactionKeyId}`, resolve, reject }
    if (queue === undefined) this.#queues.set(accountId, [waiting])
    else queue.push(waiting)
    this.#begin()
    return traceStep({ name: 'group of acquisitions' }, () => promise)
  }

  /** Begins a group at the end of this turn of the event loop, in which more may come, unless enough are under way. */
  #begin(): void {
    if (this.#groups >= groupsMax) return
    this.#groups += 1
    setImmediate(() => void this.#runGroup())
  }

  /** Never rejects: each request gets its own outcome or error. */
  async #runGroup(): Promise<void> {
    const group = this.#take()
    if (group.length === 0) {
      this.#groups -= 1
      return
    }
    const { busy, alone } = await this.#decideTogether(group, { waits: false })
    // A request that waits for a lock holds up its key, and nothing else.
    this.#groups -= 1
    this.#release(group.filter((waiting) => !busy.includes(waiting)))
    const byKey = [...Map.groupBy(busy, ({ key }) => key).values()]
    await Promise.all([
      this.#decideAlone(alone),
      ...byKey.map(async (ofKey) => {
        const left = await this.#decideTogether(ofKey, { waits: true })
        await this.#decideAlone([...left.busy, ...left.alone])
        this.#release(ofKey)
      }),
    ])
  }

  #release(decided: readonly Waiting[]): void {
    for (const { key } of decided) this.#keysUnderWay.delete(key)
    if (this.#queues.size > 0) this.#begin()
  }

  #take(): Waiting[] {
    const group: Waiting[] = []
    // An account that has more comes again at the end, within this loop.
    for (const [accountId, queue] of this.#queues) {
      if (group.length >= groupMax) break
      const index = queue.findIndex(({ key }) => !this.#keysUnderWay.has(key))
      if (index < 0) continue
      group.push(...queue.splice(index, 1))
      this.#queues.delete(accountId)
      if (queue.length > 0) this.#queues.set(accountId, queue)
    }
    for (const { key } of group) this.#keysUnderWay.add(key)
    return group
  }

  async #decideAlone(group: readonly Waiting[]): Promise<void> {
    await Promise.all(
      group.map(({ asked, resolve, reject }) => this.#acquireAlone(asked).then(resolve, reject)),
    )
  }

  /** @returns what is left undecided */
  async #decideTogether(
    group: readonly Waiting[],
    options: { readonly waits: boolean },
  ): Promise<{ readonly busy: readonly Waiting[]; readonly alone: readonly Waiting[] }> {
    const busy: Waiting[] = []
    const alone: Waiting[] = []
    try {
      const rows = await this.#run(group, options)
      for (const [index, waiting] of group.entries()) {
        const row = rows.get(index + 1)
        if (row === undefined) throw new TypeError('The database answered an acquisition with nothing.')
        const { outcome, wrapped_key: jwe } = row
        if (outcome === 'BUSY') busy.push(waiting)
        else if (outcome === 'ALONE') alone.push(waiting)
        else waiting.resolve({ outcome, jwe })
      }
      return { busy, alone }
    } catch (error) {
      if (isRolledBack(error)) return { busy: [], alone: group }
      for (const { reject } of group) reject(error)
      return { busy: [], alone: [] }
    }
  }

  async #run(group: readonly Waiting[], { waits }: { readonly waits: boolean }) {
    const asked = group.map((waiting) => waiting.asked)
    const rows = await this.#databases.writes.sql`
      SELECT * FROM acquire_wrapped_key_group(
        ${asked.map(({ accountId }) => accountId)}::uuid[],
        ${asked.map(({ managementKeyId }) => managementKeyId)}::text[],
        ${asked.map(({ nonce }) => nonce)}::text[],
        ${asked.map(({ created }) => String(created))}::text[]::bigint[],
        ${asked.map(({ expires }) => String(expires))}::text[]::bigint[],
        ${asked.map(({ transactionKeyId }) => transactionKeyId)}::uuid[],
        ${asked.map(({ acquisitionId }) => acquisitionId)}::uuid[],
        ${asked.map(({ address }) => address)}::text[],
        ${limits.acquisitionIdHours}, ${waits})`
    return new Map(rows.map((row) => outcomeRow.parse(row)).map((row) => [row.place, row]))
  }
}

/**
 * Whether PostgreSQL refused the statement, which has left no trace then: an error of its classes 21 to 23 (data), 40
 * (transaction rolled back) or 55 (state, locks).
 */
function isRolledBack(error: unknown): boolean {
  return codesOf(error).some((code) => /^(?:2[123]|40|55)[0-9A-Z]{3}$/.test(code))
}
