import { within } from '../within.ts'
import type { DatabaseNode } from './nodes.ts'

/** A node that is away may not answer at all. */
const timeoutMs = 3_000

/** Looks for a management key on all nodes at once: see `DatabaseNodes.findManagementKey`. */
export async function findAtNodes(nodes: readonly DatabaseNode[], keyId: string): Promise<object | null> {
  return Promise.any(nodes.map((node) => findAt(node, keyId))).catch(() => null)
}

async function findAt({ reads }: DatabaseNode, keyId: string): Promise<object> {
  const [row] = await within(
    timeoutMs,
    reads.sql`
      SELECT 'ACCOUNT' AS kind, account_id AS "principalId", signing_key AS jwk, is_viewer AS "isViewer"
      FROM find_management_key(${keyId})`,
  )
  if (row === undefined) throw new Error('This node has no such key.')
  return row
}
