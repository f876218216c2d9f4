import { createBatcher, type BatcherOptions } from '../../lib/batcher.ts'
import type { Databases, OpenPool } from '../connect.ts'
import { GroupCommits, type DecidesRequests, type GroupCommit } from '../group-commits.ts'

/** Connections to a machine that holds accounts. */
export type MachinePools = Pick<Databases, 'reads' | 'writes' | 'jobs'>

/** Gathers concurrent requests that concern accounts, separately for each machine: one that is away delays no other. */
export interface Gathering {
  /** Decides requests in groups: see {@link GroupCommits}. */
  readonly gather: <Asked, Outcome>(
    commitOn: (writes: OpenPool) => GroupCommit<Asked, Outcome>,
  ) => DecidesRequests<Asked, Outcome>
  /** Fetches the answers to queries together: see {@link createBatcher}. */
  readonly batch: <Query extends { readonly accountId: string }, Result>(
    fetchOn: (reads: OpenPool) => (queries: readonly Query[]) => Promise<readonly Result[]>,
    options: BatcherOptions,
  ) => (query: Query) => Promise<Result>
}

/** One machine holds all accounts. */
export function gatherOnOne({ reads, writes }: MachinePools): Gathering {
  return {
    gather: (commitOn) => new GroupCommits(commitOn(writes)),
    batch: (fetchOn, options) => createBatcher(fetchOn(reads), options),
  }
}

export interface NodeGatheringOptions {
  /** Those of the coordinator, which reaches all accounts. */
  readonly coordinator: MachinePools
  /** Those of the node that holds an account, the same object each time; null where it is not known. */
  readonly nodeOf: (accountId: string) => MachinePools | null
}

/** Each node of Citus gets the requests of accounts that it holds, or held a moment ago. */
export function gatherOnNodes({ coordinator, nodeOf }: NodeGatheringOptions): Gathering {
  return {
    gather<Asked, Outcome>(commitOn: (writes: OpenPool) => GroupCommit<Asked, Outcome>) {
      const { accountOf, decideAlone } = commitOn(coordinator.writes)
      const groupsOf = onceForEach(
        ({ writes }: MachinePools) => new GroupCommits<Asked, Outcome>({ ...commitOn(writes), decideAlone }),
      )
      return {
        decide(asked: Asked) {
          const node = nodeOf(accountOf(asked))
          return node === null ? decideAlone(asked) : groupsOf(node).decide(asked)
        },
      }
    },
    batch(fetchOn, options) {
      const batcherOf = onceForEach(({ reads }: MachinePools) => createBatcher(fetchOn(reads), options))
      return (query) => batcherOf(nodeOf(query.accountId) ?? coordinator)(query)
    },
  }
}

/** Makes a value for an object once, and keeps it as long as the object. */
function onceForEach<Of extends object, T>(make: (of: Of) => T): (of: Of) => T {
  const made = new WeakMap<Of, T>()
  return (of) => {
    const known = made.get(of)
    if (known !== undefined) return known
    const fresh = make(of)
    made.set(of, fresh)
    return fresh
  }
}
