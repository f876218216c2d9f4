import { z } from 'zod'
import type { TransactionKeyId } from '../../schema/wire/brands.ts'
import { limits } from '../../schema/wire/limits.ts'
import { nonceRefusals } from '../auth/nonces.ts'
import type { NonceToConsume } from '../auth/signed-request.ts'
import type { OpenPool } from '../database/connect.ts'
import type { DatabaseNodes } from '../database/distribution/nodes.ts'
import type { DecidesRequests } from '../database/group-commits.ts'

/** The refusals of an acquisition whose nonce was consumed. */
export const acquisitionRefusals = ['NOT_FOUND', 'KEY_REVOKED', 'KEY_NOT_YET_VALID', 'KEY_OVERUSED'] as const

/** A request for one key, to use it. */
export interface GroupedAcquisition extends NonceToConsume {
  readonly nonce: string
  readonly transactionKeyId: TransactionKeyId
  readonly acquisitionId: string | null
}

/** The decision, and the JWE where it is GRANTED. */
export interface GroupedOutcome {
  readonly outcome: 'GRANTED' | (typeof nonceRefusals)[number] | (typeof acquisitionRefusals)[number]
  readonly jwe: string | null
}

const place = z.int()
const outcomeRow = z.discriminatedUnion('outcome', [
  z.object({ place, outcome: z.literal('GRANTED'), wrapped_key: z.string() }),
  z.object({
    place,
    outcome: z.enum([...nonceRefusals, ...acquisitionRefusals, 'BUSY', 'ALONE']),
    wrapped_key: z.null(),
  }),
])

/**
 * Decides concurrent acquisitions in groups (`acquire_wrapped_key_group`), where a transaction key is in one group at a time.
 *
 * @param acquireAlone decides acquisitions that raise an alert
 */
export function createAcquisitionGroups(
  nodes: Pick<DatabaseNodes, 'gather'>,
  acquireAlone: (asked: GroupedAcquisition) => Promise<GroupedOutcome>,
): DecidesRequests<GroupedAcquisition, GroupedOutcome> {
  return nodes.gather((writes) => ({
    name: 'acquisitions',
    accountOf: ({ accountId }) => accountId,
    keyOf: ({ transactionKeyId }) => transactionKeyId,
    decide: (group, { waits }) => acquireTogether(writes, group, waits),
    decideAlone: acquireAlone,
  }))
}

async function acquireTogether(
  { sql }: Pick<OpenPool, 'sql'>,
  group: readonly GroupedAcquisition[],
  waits: boolean,
): Promise<(GroupedOutcome | 'BUSY' | 'ALONE')[]> {
  const rows = await sql`
    SELECT * FROM acquire_wrapped_key_group(
      ${group.map(({ accountId }) => accountId)}::uuid[],
      ${group.map(({ managementKeyId }) => managementKeyId)}::text[],
      ${group.map(({ nonce }) => nonce)}::text[],
      ${group.map(({ created }) => String(created))}::text[]::bigint[],
      ${group.map(({ expires }) => String(expires))}::text[]::bigint[],
      ${group.map(({ transactionKeyId }) => transactionKeyId)}::uuid[],
      ${group.map(({ acquisitionId }) => acquisitionId)}::uuid[],
      ${group.map(({ address }) => address)}::text[],
      ${limits.acquisitionIdHours}, ${waits})`
  const outcomes: (GroupedOutcome | 'BUSY' | 'ALONE')[] = []
  for (const row of rows) {
    const { place, outcome, wrapped_key: jwe } = outcomeRow.parse(row)
    outcomes[place - 1] = outcome === 'BUSY' || outcome === 'ALONE' ? outcome : { outcome, jwe }
  }
  return outcomes
}
