import { z } from 'zod'
import type { Databases } from '../connect.ts'
import { uuidHash } from './uuid-hash.ts'

const shardRows = z.array(z.object({ first: z.int(), node: z.string() }))

/**
 * Which node holds an account, as the coordinator knew it when it was last read. A shard may have been moved since, so the node
 * has to check it again. All of it is read at once, so that the coordinator does not learn which accounts are looked up.
 */
export class ShardDirectory {
  readonly #databases: Pick<Databases, 'reads'>
  /** By the first hash of their ranges. */
  #shards: z.infer<typeof shardRows> = []

  constructor(databases: Pick<Databases, 'reads'>) {
    this.#databases = databases
  }

  async read(): Promise<void> {
    this.#shards = shardRows.parse(
      await this.#databases.reads.sql`
        SELECT s.shardminvalue::integer AS first, n.nodename || ':' || n.nodeport AS node
        FROM pg_dist_shard s
        JOIN pg_dist_placement p ON p.shardid = s.shardid
        JOIN pg_dist_node n ON n.groupid = p.groupid AND n.noderole = 'primary'
        WHERE s.logicalrelid = 'accounts'::regclass
        ORDER BY 1`,
    )
  }

  /** Host and port; null before the first reading. */
  nodeOf(accountId: string): string | null {
    const hash = uuidHash(accountId)
    return this.#shards.findLast(({ first }) => first <= hash)?.node ?? null
  }
}
