import { z } from 'zod'
import { transactionKeyStates } from '../../schema/wire/enums.ts'
import { quotaNames } from '../../schema/wire/errors.ts'
import { limits } from '../../schema/wire/limits.ts'
import { nonceRefusals } from '../auth/nonces.ts'
import type { NonceToConsume } from '../auth/signed-request.ts'
import type { OpenPool } from '../database/connect.ts'
import type { DatabaseNodes } from '../database/distribution/nodes.ts'
import type { DecidesRequests } from '../database/group-commits.ts'
import { isManagementKeyId } from '../lib/input.ts'
import { thumbprintOf } from '../lib/thumbprint-of.ts'
import type { Quotas } from '../quotas/quotas.ts'
import { hashContent, type KeyToStore } from './key-to-store.ts'

/** A request to store one key. */
export interface GroupedStore extends NonceToConsume {
  /** Made by {@link describeKey}. */
  readonly key: string
}

const place = z.int()
const outcomeRow = z.discriminatedUnion('outcome', [
  z.object({
    place,
    outcome: z.literal('GRANTED'),
    state: z.enum(transactionKeyStates),
    created_at: z.date(),
    expiry_notices: z.array(z.number()),
  }),
  z.object({
    place,
    outcome: z.literal('QUOTA_EXCEEDED'),
    quota: z.enum(quotaNames),
    quota_limit: z.number(),
  }),
  z.object({
    place,
    outcome: z.enum([
      ...nonceRefusals,
      'REPEATED',
      'NOT_FOUND',
      'CONFLICT_OF_ID',
      'CONFLICT_OF_PUBLIC_KEY',
      'CERTIFICATE_SIGNER_UNKNOWN',
      'STATEMENT_REFUSED',
      'CERTIFICATE_AHEAD',
      'POSSESSION_AHEAD',
    ]),
  }),
  z.object({ place, outcome: z.literal('BUSY') }),
  z.object({ place, outcome: z.literal('ALONE') }),
])

/** The decision (schema/functions/store_transaction_key_group.sql). */
export type StoreOutcome = Exclude<z.infer<typeof outcomeRow>, { readonly outcome: 'BUSY' | 'ALONE' }>

/** Characters of a key's description that weigh as much as a small request: it has up to 512 KiB. */
const charactersOfWeight = 4096

/** Stores keys in groups (`store_transaction_key_group`), where an account is in one group at a time. */
export function createStoreGroups(
  nodes: Pick<DatabaseNodes, 'gather'>,
  quotas: Quotas,
): DecidesRequests<GroupedStore, StoreOutcome> {
  return nodes.gather((writes) => ({
    name: 'stored keys',
    accountOf: ({ accountId }) => accountId,
    keyOf: () => '',
    weightOf: ({ key }) => Math.ceil(key.length / charactersOfWeight),
    decide: (group, { waits }) => storeTogether(writes, group, { waits, quotas }),
    decideAlone: async (asked) => {
      const [outcome] = await storeTogether(writes, [asked], { waits: true, quotas })
      if (typeof outcome !== 'object') throw new TypeError('The database did not decide a request by itself.')
      return outcome
    },
  }))
}

/** The description of a key that the database function takes. `isRefused`: one of its signed statements is wrong. */
export function describeKey(key: KeyToStore, { isRefused }: { readonly isRefused: boolean }): string {
  return JSON.stringify({
    id: key.id,
    application_server: key.applicationServer,
    label: key.label,
    public_key: key.publicKey,
    thumbprint: key.publicKey && thumbprintOf(key.publicKey),
    not_before: key.notBefore,
    expires_at: key.expiresAt,
    expiry_notices: key.expiryNotices,
    max_uses: key.maxUses,
    overuse_policy: key.overusePolicy,
    content_hash: hashContent(key),
    certificate: key.certificate?.compact,
    certificate_signer: key.certificate?.kid,
    certificate_iat: key.certificate?.payload.iat,
    possession: key.possession?.compact,
    possession_iat: key.possession?.payload.iat,
    is_refused: isRefused,
    wrapped_keys: key.wrappedKeys.map(({ managementKeyId, jwe }) => ({
      management_key_id: isManagementKeyId(managementKeyId) ? managementKeyId : null,
      jwe: jwe.compact,
    })),
  })
}

async function storeTogether(
  { sql }: Pick<OpenPool, 'sql'>,
  group: readonly GroupedStore[],
  { waits, quotas }: { readonly waits: boolean; readonly quotas: Quotas },
): Promise<(StoreOutcome | 'BUSY' | 'ALONE')[]> {
  const rows = await sql`
    SELECT * FROM store_transaction_key_group(
      ${group.map(({ accountId }) => accountId)}::uuid[],
      ${group.map(({ managementKeyId }) => managementKeyId)}::text[],
      ${group.map(({ nonce }) => nonce)}::text[],
      ${group.map(({ created }) => String(created))}::text[]::bigint[],
      ${group.map(({ expires }) => String(expires))}::text[]::bigint[],
      ${group.map(({ address }) => address)}::text[],
      ${`[${group.map(({ key }) => key).join(',')}]`}::text::json,
      ${limits.expiryNoticesDefault.map(String)}::text[]::integer[],
      ${quotas.transactionKeys}, ${quotas.storedBytes}, ${waits})`
  const outcomes: (StoreOutcome | 'BUSY' | 'ALONE')[] = []
  for (const row of rows) {
    const decided = outcomeRow.parse(row)
    outcomes[decided.place - 1] = toOutcome(decided)
  }
  return outcomes
}

function toOutcome(decided: z.infer<typeof outcomeRow>): StoreOutcome | 'BUSY' | 'ALONE' {
  return decided.outcome === 'BUSY' || decided.outcome === 'ALONE' ? decided.outcome : decided
}
