import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import type { Databases } from '../connect.ts'

/** An account's shard is found by a statement, and stays the same. */
const knownAccountsMax = 100_000

const placementRows = z.array(z.object({ shard: z.string(), node: z.string() }))
const shardRow = z.object({ shard: z.string() })

/**
 * Which node holds an account, as the coordinator knew it at the last reading. Whoever acts on it must let the node check it: a shard
 * may have been moved since.
 */
export class ShardDirectory {
  readonly #databases: Pick<Databases, 'reads'>
  readonly #shards = new LRUCache<string, string>({ max: knownAccountsMax })
  #nodes: ReadonlyMap<string, string> = new Map()

  constructor(databases: Pick<Databases, 'reads'>) {
    this.#databases = databases
  }

  async read(): Promise<void> {
    const rows = await this.#databases.reads.sql`
      SELECT s.shardid::text AS shard, n.nodename || ':' || n.nodeport AS node
      FROM pg_dist_shard s
      JOIN pg_dist_placement p ON p.shardid = s.shardid
      JOIN pg_dist_node n ON n.groupid = p.groupid AND n.noderole = 'primary'
      WHERE s.logicalrelid = 'accounts'::regclass`
    this.#nodes = new Map(placementRows.parse(rows).map(({ shard, node }) => [shard, node]))
  }

  /** @returns host and port; null for a shard that is not known yet */
  async nodeOf(accountId: string): Promise<string | null> {
    const known = this.#shards.get(accountId)
    const node = known === undefined ? undefined : this.#nodes.get(known)
    if (node !== undefined) return node
    const [row] = await this.#databases.reads.sql`
      SELECT get_shard_id_for_distribution_column('accounts', ${accountId}::uuid)::text AS shard`
    const { shard } = shardRow.parse(row)
    this.#shards.set(accountId, shard)
    return this.#nodes.get(shard) ?? null
  }
}
