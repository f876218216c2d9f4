import { and, eq, inArray, isNotNull, isNull, lte, notInArray, or, sql } from 'drizzle-orm'
import { applicationServerKeys, applicationServers, managementKeyOwners } from '../../schema/tables/index.ts'
import { KeyServerError } from '../../schema/wire/errors.ts'
import type { SigningJwk } from '../../schema/wire/keys/jwk.ts'
import type { Executor } from '../database/connect.ts'
import { lockKey, markProved, prove, takeApproval } from './approvals.ts'
import { revocationChannel } from '../events/channels.ts'

export interface HeldKey {
  readonly applicationServerId: string
  readonly name: string
  /** RFC 7638 thumbprint of `signingKey`. */
  readonly keyId: string
  readonly signingKey: SigningJwk
}

/** Keys of one application server that wait for a proof. A further one displaces the oldest. */
const unprovedMax = 20

/**
 * Stores a key that is not proved yet, unless the operator has approved it before. Repeated, it changes nothing.
 *
 * @throws {KeyServerError} CONFLICT when the key is another application server's, or a management key
 */
export async function holdKey(
  tx: Executor,
  { applicationServerId, name, keyId, signingKey }: HeldKey,
): Promise<void> {
  await lockKey(tx, keyId)
  const [owner] = await tx
    .select({ accountId: managementKeyOwners.accountId })
    .from(managementKeyOwners)
    .where(eq(managementKeyOwners.managementKeyId, keyId))
  if (owner !== undefined) throw new KeyServerError('CONFLICT', 'This key is a management key.')
  await tx.insert(applicationServers).values({ id: applicationServerId, name }).onConflictDoNothing()
  await tx
    .insert(applicationServerKeys)
    .values({ id: keyId, applicationServerId, signingKey })
    .onConflictDoNothing()
  const [held] = await tx
    .select({ applicationServerId: applicationServerKeys.applicationServerId })
    .from(applicationServerKeys)
    .where(eq(applicationServerKeys.id, keyId))
  if (held?.applicationServerId !== applicationServerId) {
    throw new KeyServerError('CONFLICT', "This key is another application server's.")
  }
  if (await takeApproval(tx, { name, keyId })) await prove(tx, { applicationServerId, keyId })
  await tx.execute(sql`
    DELETE FROM application_server_keys WHERE proof IS NULL AND id IN (
      SELECT id FROM application_server_keys
      WHERE application_server_id = ${applicationServerId} AND proof IS NULL AND id <> ${keyId}
      ORDER BY registered_at DESC OFFSET ${unprovedMax - 1})`)
}

/** Whether a key may sign. */
export async function isProved(db: Executor, keyId: string): Promise<boolean> {
  const [key] = await db
    .select({ id: applicationServerKeys.id })
    .from(applicationServerKeys)
    .where(
      and(
        eq(applicationServerKeys.id, keyId),
        isNotNull(applicationServerKeys.proof),
        isNull(applicationServerKeys.revokedAt),
      ),
    )
  return key !== undefined
}

/** Takes a ticket, before a document is fetched. It is higher than every one that was taken before, on any server. */
export async function takeProofTicket(db: Executor): Promise<number> {
  const [row] = await db.execute<{ ticket: string }>(sql`SELECT nextval('proof_tickets')::text AS ticket`)
  return Number(row?.ticket)
}

/**
 * Takes over what an application server's own document says: the registered keys that it lists are proved, and those
 * that it proved before and lists no longer are revoked. Keys that the operator approved stay. It does nothing when a
 * document with a later ticket was taken over: that one may be newer.
 */
export async function applyKeyList(
  tx: Executor,
  applicationServerId: string,
  { listed, ticket }: { readonly listed: readonly string[]; readonly ticket: number },
): Promise<void> {
  const ofServer = eq(applicationServerKeys.applicationServerId, applicationServerId)
  const newest = await tx
    .update(applicationServers)
    .set({ proofTicket: ticket })
    // The same one again, for another of its keys.
    .where(and(eq(applicationServers.id, applicationServerId), lte(applicationServers.proofTicket, ticket)))
    .returning({ id: applicationServers.id })
  if (newest.length === 0) return
  await markProved(tx, applicationServerId)
  await tx
    .update(applicationServerKeys)
    .set({ proof: 'WELL_KNOWN', revokedAt: null })
    .where(
      and(
        ofServer,
        inArray(applicationServerKeys.id, [...listed]),
        // Not what the operator approved.
        or(
          isNull(applicationServerKeys.proof),
          eq(applicationServerKeys.proof, 'WELL_KNOWN'),
          isNotNull(applicationServerKeys.revokedAt),
        ),
      ),
    )
  const revoked = await tx
    .update(applicationServerKeys)
    .set({ revokedAt: sql`statement_timestamp()` })
    .where(
      and(
        ofServer,
        eq(applicationServerKeys.proof, 'WELL_KNOWN'),
        isNull(applicationServerKeys.revokedAt),
        notInArray(applicationServerKeys.id, [...listed]),
      ),
    )
    .returning({ id: applicationServerKeys.id })
  for (const { id } of revoked) await tx.execute(sql`SELECT pg_notify(${revocationChannel}, ${id})`)
}
