import type { JobDatabases } from '../database/connect.ts'

/** How long changes are kept. An application server that was away for longer reads all keys anew. */
const retentionDays = 30
const batchMax = 2000
/** How long a key waits for its proof, and an operator's approval for its key. */
const unprovedDays = 7

/**
 * Removes changes whose retention has ended.
 *
 * @returns whether more may be left
 */
export async function pruneKeyChanges({ writes }: JobDatabases): Promise<boolean> {
  const [row] = await writes.sql<{ removed: number }[]>`
    SELECT prune_key_changes(${retentionDays}, ${batchMax}) AS removed`
  return (row?.removed ?? 0) >= batchMax
}

/**
 * Removes keys of application servers that were not proved in time, and approvals of keys that were not registered.
 *
 * @returns whether more may be left
 */
export async function pruneApplicationServers({ writes }: JobDatabases): Promise<boolean> {
  const [row] = await writes.sql<{ removed: number }[]>`
    SELECT prune_application_servers(${unprovedDays}, ${batchMax}) AS removed`
  return row?.removed === batchMax
}
