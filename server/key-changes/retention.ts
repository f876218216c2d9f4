import type { PruningDatabases } from '../database/pruning.ts'

/** How long changes are kept: application servers that were away for longer begin anew. */
const retentionDays = 30
const batchMax = 2000
/** How long a key waits for its proof, and the operator's word for its key. */
const unprovedDays = 7

/**
 * Removes old changes.
 *
 * @returns whether there may be more of them
 */
export async function pruneKeyChanges({ writes }: PruningDatabases): Promise<boolean> {
  const [row] = await writes.sql<{ removed: number }[]>`
    SELECT prune_key_changes(${retentionDays}, ${batchMax}) AS removed`
  return (row?.removed ?? 0) >= batchMax
}

/**
 * Removes keys of application servers that were never proved or never registered.
 *
 * @returns whether there may be more of them
 */
export async function pruneApplicationServers({ writes }: PruningDatabases): Promise<boolean> {
  const [row] = await writes.sql<{ removed: number }[]>`
    SELECT prune_application_servers(${unprovedDays}, ${batchMax}) AS removed`
  return row?.removed === batchMax
}
