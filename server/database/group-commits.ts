import { traceStep } from '../lib/traces.ts'
import { codesOf } from './error-codes.ts'

/** The requests of a group, and how they are decided. */
export interface GroupCommit<Asked, Outcome> {
  /** The requests in words, for traces. */
  readonly name: string
  /** The account in whose queue a request waits. */
  readonly accountOf: (asked: Asked) => string
  /** The key of a request, which belongs to the account. It is in one group at a time, and its further requests wait. */
  readonly keyOf: (asked: Asked) => string
  /** How much of a group's {@link weightMax} a request takes. Default: 1. */
  readonly weightOf?: (asked: Asked) => number
  /**
   * Decides requests by one statement and one commit, and answers in their order: BUSY when another transaction has a lock,
   * which it waits for only when `waits`; ALONE for a request that it does not decide. Neither leaves a trace.
   *
   * @param options.waits the group is of one key
   */
  readonly decide: (
    group: readonly Asked[],
    options: { readonly waits: boolean },
  ) => Promise<readonly (Outcome | 'BUSY' | 'ALONE')[]>
  /** Decides one request, whatever it takes. */
  readonly decideAlone: (asked: Asked) => Promise<Outcome>
}

/** Decides requests, each by itself, however many come at once. */
export interface DecidesRequests<Asked, Outcome> {
  decide(asked: Asked): Promise<Outcome>
}

/** The weight of all requests of a statement: with more, the time of one would be felt by the others. */
const weightMax = 64
/** While so many groups are under way, further requests wait for the next one. */
const groupsMax = 2
/**
 * A group costs the database as much as ten of its requests do. So one begins beside another only when it is of so many
 * requests, or when those under way are few, so that a small load waits for nobody.
 */
const manyRequests = 16
const fewRequests = 4

interface Waiting<Asked, Outcome> {
  readonly asked: Asked
  readonly key: string
  readonly weight: number
  readonly resolve: (outcome: Outcome) => void
  readonly reject: (error: unknown) => void
}

/**
 * Decides concurrent requests in groups, each by one statement and one commit. A lone request waits for no timer. Each account
 * has a queue, and a group takes one of each in turn: a flood from one account fills what the others leave. A key is in one
 * group at a time, which its further requests wait for.
 *
 * A group waits for no lock. A request that needs one held by another transaction is decided apart, in a group of its key that
 * waits.
 *
 * A group that the database refuses as a whole has left no trace, so its requests are decided alone. When its connection is
 * lost, nobody knows what was committed, and all of them fail as each would.
 */
export class GroupCommits<Asked, Outcome> implements DecidesRequests<Asked, Outcome> {
  readonly #commit: GroupCommit<Asked, Outcome>
  /** By account; the one that was served last comes last. */
  readonly #queues = new Map<string, Waiting<Asked, Outcome>[]>()
  readonly #keysUnderWay = new Set<string>()
  /** Requests in all queues. */
  #waiting = 0
  #groups = 0
  /** In groups that have begun and wait for no lock. */
  #underWay = 0

  constructor(commit: GroupCommit<Asked, Outcome>) {
    this.#commit = commit
  }

  decide(asked: Asked): Promise<Outcome> {
    const { promise, resolve, reject } = Promise.withResolvers<Outcome>()
    const { name, accountOf, keyOf, weightOf = () => 1 } = this.#commit
    const account = accountOf(asked)
    const waiting = { asked, key: `${account} ${keyOf(asked)}`, weight: weightOf(asked), resolve, reject }
    const queue = this.#queues.get(account)
    if (queue === undefined) this.#queues.set(account, [waiting])
    else queue.push(waiting)
    this.#waiting += 1
    this.#begin()
    return traceStep({ name: `group of ${name}` }, () => promise)
  }

  /** Begins a group at the end of this turn of the event loop, in which more may come, unless enough are under way. */
  #begin(): void {
    const isWorthAGroup = this.#groups === 0 || this.#underWay < fewRequests || this.#waiting >= manyRequests
    if (this.#groups >= groupsMax || !isWorthAGroup) return
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
    this.#underWay += group.length
    const { busy, alone } = await this.#decideTogether(group, { waits: false })
    // A request that waits for a lock holds up its key, and nothing else.
    this.#groups -= 1
    this.#underWay -= group.length
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

  #release(decided: readonly Waiting<Asked, Outcome>[]): void {
    for (const { key } of decided) this.#keysUnderWay.delete(key)
    if (this.#queues.size > 0) this.#begin()
  }

  #take(): Waiting<Asked, Outcome>[] {
    const group: Waiting<Asked, Outcome>[] = []
    let weight = 0
    // An account that has more comes again at the end, within this loop.
    for (const [account, queue] of this.#queues) {
      if (weight >= weightMax) break
      const index = queue.findIndex(({ key }) => !this.#keysUnderWay.has(key))
      if (index < 0) continue
      for (const taken of queue.splice(index, 1)) {
        group.push(taken)
        weight += taken.weight
      }
      this.#queues.delete(account)
      if (queue.length > 0) this.#queues.set(account, queue)
    }
    for (const { key } of group) this.#keysUnderWay.add(key)
    this.#waiting -= group.length
    return group
  }

  async #decideAlone(group: readonly Waiting<Asked, Outcome>[]): Promise<void> {
    await Promise.all(
      group.map(({ asked, resolve, reject }) => this.#commit.decideAlone(asked).then(resolve, reject)),
    )
  }

  /** @returns what is left undecided */
  async #decideTogether(
    group: readonly Waiting<Asked, Outcome>[],
    options: { readonly waits: boolean },
  ): Promise<{
    readonly busy: readonly Waiting<Asked, Outcome>[]
    readonly alone: readonly Waiting<Asked, Outcome>[]
  }> {
    const busy: Waiting<Asked, Outcome>[] = []
    const alone: Waiting<Asked, Outcome>[] = []
    try {
      const outcomes = await this.#commit.decide(
        group.map(({ asked }) => asked),
        options,
      )
      for (const [index, waiting] of group.entries()) {
        const outcome = outcomes[index]
        if (outcome === undefined) throw new TypeError('The database answered a request with nothing.')
        if (outcome === 'BUSY') busy.push(waiting)
        else if (outcome === 'ALONE') alone.push(waiting)
        else waiting.resolve(outcome)
      }
      return { busy, alone }
    } catch (error) {
      if (isRolledBack(error)) return { busy: [], alone: group }
      for (const { reject } of group) reject(error)
      return { busy: [], alone: [] }
    }
  }
}

/**
 * Whether PostgreSQL refused the statement, which has left no trace then: an error of its classes 21 to 23 (data), 40
 * (transaction rolled back) or 55 (state, locks).
 */
function isRolledBack(error: unknown): boolean {
  return codesOf(error).some((code) => /^(?:2[123]|40|55)[0-9A-Z]{3}$/.test(code))
}
