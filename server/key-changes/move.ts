import type { JobDatabases } from '../database/connect.ts'

/** Maximum number of changes that one statement moves. */
const batchMax = 500

/**
 * Moves changes from the machine of their account, where they are recorded, to that of their application server.
 *
 * @returns whether more may be left
 */
export async function moveKeyChanges({ writes }: JobDatabases): Promise<boolean> {
  const [row] = await writes.sql<{ moved: number }[]>`SELECT move_key_changes(${batchMax}) AS moved`
  return (row?.moved ?? 0) > 0
}
