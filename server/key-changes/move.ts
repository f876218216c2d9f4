import type { PruningDatabases } from '../database/pruning.ts'

/** Changes that one statement moves. */
const batchMax = 500

/**
 * Takes changes that wait beside their accounts to an application server's rows, where these may be on different machines.
 *
 * @returns whether there may be more of them
 */
export async function moveKeyChanges({ writes }: PruningDatabases): Promise<boolean> {
  const [row] = await writes.sql<{ moved: number }[]>`SELECT move_key_changes(${batchMax}) AS moved`
  return (row?.moved ?? 0) > 0
}
