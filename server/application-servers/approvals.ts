import { and, eq, isNotNull, isNull, sql } from 'drizzle-orm'
import {
  applicationServerApprovals,
  applicationServerKeys,
  applicationServers,
  managementKeyOwners,
} from '../../schema/tables/index.ts'
import type { Executor } from '../database/connect.ts'
import { applicationServerIdOf } from './application-server-id.ts'
import { revocationChannel } from '../events/channels.ts'

/** A key, and the application server that the operator says it is of. */
export interface NamedKey {
  readonly name: string
  /** RFC 7638 thumbprint. */
  readonly keyId: string
}

/**
 * The effect of an approval: the key may sign; or it may once it is registered; or it never can, because it is another
 * application server's, or a management key.
 */
export type Approval = 'APPROVED' | 'AWAITED' | 'TAKEN'

/** Approves a key, registered or not: strangers can displace keys that wait, but not an approval. */
export async function approveKey(tx: Executor, { name, keyId }: NamedKey): Promise<Approval> {
  await lockKey(tx, keyId)
  const applicationServerId = applicationServerIdOf(name)
  const [held] = await tx
    .select({ applicationServerId: applicationServerKeys.applicationServerId })
    .from(applicationServerKeys)
    .where(eq(applicationServerKeys.id, keyId))
  const [owner] = await tx
    .select({ accountId: managementKeyOwners.accountId })
    .from(managementKeyOwners)
    .where(eq(managementKeyOwners.managementKeyId, keyId))
  const isOfAnother = held !== undefined && held.applicationServerId !== applicationServerId
  if (isOfAnother || owner !== undefined) return 'TAKEN'
  // One that is pushed out just now waits for its next registration.
  if (held !== undefined && (await prove(tx, { applicationServerId, keyId }))) return 'APPROVED'
  await tx
    .insert(applicationServerApprovals)
    .values({ keyId, name })
    .onConflictDoUpdate({
      target: applicationServerApprovals.keyId,
      set: { name, approvedAt: sql`excluded.approved_at` },
    })
  return 'AWAITED'
}

/** Revokes a proved key, or removes an approval. Answers false when there is neither for this name. */
export async function removeKey(tx: Executor, { name, keyId }: NamedKey): Promise<boolean> {
  await lockKey(tx, keyId)
  const isForgotten = await takeApproval(tx, { name, keyId })
  const removed = await tx
    .update(applicationServerKeys)
    .set({ revokedAt: sql`statement_timestamp()` })
    .where(
      and(
        eq(applicationServerKeys.applicationServerId, applicationServerIdOf(name)),
        eq(applicationServerKeys.id, keyId),
        isNotNull(applicationServerKeys.proof),
      ),
    )
    .returning({ id: applicationServerKeys.id })
  for (const { id } of removed) await tx.execute(sql`SELECT pg_notify(${revocationChannel}, ${id})`)
  return isForgotten || removed.length > 0
}

/** Until the transaction ends nobody else registers, approves or removes this key. */
export async function lockKey(tx: Executor, keyId: string): Promise<void> {
  await tx.execute(
    sql`SELECT pg_advisory_xact_lock(hashtextextended('claviger application server key ' || ${keyId}::text, 0))`,
  )
}

/** Whether the operator had approved a key before it was registered. The approval is used up. */
export async function takeApproval(tx: Executor, { name, keyId }: NamedKey): Promise<boolean> {
  const taken = await tx
    .delete(applicationServerApprovals)
    .where(and(eq(applicationServerApprovals.keyId, keyId), eq(applicationServerApprovals.name, name)))
    .returning({ keyId: applicationServerApprovals.keyId })
  return taken.length > 0
}

/** Lets a registered key sign. Answers false when it is not registered any more. */
export async function prove(
  tx: Executor,
  { applicationServerId, keyId }: { readonly applicationServerId: string; readonly keyId: string },
): Promise<boolean> {
  // The application server's row first, as where a document is taken over.
  await markProved(tx, applicationServerId)
  const proved = await tx
    .update(applicationServerKeys)
    .set({ proof: 'OPERATOR', revokedAt: null })
    .where(eq(applicationServerKeys.id, keyId))
    .returning({ id: applicationServerKeys.id })
  return proved.length > 0
}

/** From now on changes are stored for it. */
export async function markProved(tx: Executor, applicationServerId: string): Promise<void> {
  await tx
    .update(applicationServers)
    .set({ provedAt: sql`statement_timestamp()` })
    .where(and(eq(applicationServers.id, applicationServerId), isNull(applicationServers.provedAt)))
}
