import type { OpenPool } from '../connect.ts'
import { GroupCommits, type DecidesRequests, type GroupCommit } from '../group-commits.ts'
import type { DatabaseNode } from './nodes.ts'

export interface NodeGroupsOptions<Asked, Outcome> {
  /** How requests are decided over these connections. */
  readonly commitOn: (writes: OpenPool) => GroupCommit<Asked, Outcome>
  /** Connections to the coordinator, which decides any request alone. */
  readonly coordinator: OpenPool
  /** The node that holds an account; null where that is not known. */
  readonly nodeOf: (accountId: string) => Promise<DatabaseNode | null>
}

/** Gathers requests in groups of each node, which decides a group of accounts that it holds by a commit of its own. */
export class NodeGroups<Asked, Outcome> implements DecidesRequests<Asked, Outcome> {
  readonly #options: NodeGroupsOptions<Asked, Outcome>
  readonly #alone: GroupCommit<Asked, Outcome>
  readonly #groups = new WeakMap<DatabaseNode, GroupCommits<Asked, Outcome>>()

  constructor(options: NodeGroupsOptions<Asked, Outcome>) {
    this.#options = options
    this.#alone = options.commitOn(options.coordinator)
  }

  async decide(asked: Asked): Promise<Outcome> {
    const node = await this.#options.nodeOf(this.#alone.accountOf(asked))
    return node === null ? this.#alone.decideAlone(asked) : this.#groupsOf(node).decide(asked)
  }

  #groupsOf(node: DatabaseNode): GroupCommits<Asked, Outcome> {
    const known = this.#groups.get(node)
    if (known !== undefined) return known
    const groups = new GroupCommits<Asked, Outcome>({
      ...this.#options.commitOn(node.writes),
      decideAlone: this.#alone.decideAlone,
    })
    this.#groups.set(node, groups)
    return groups
  }
}
