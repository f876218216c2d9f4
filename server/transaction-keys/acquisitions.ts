import { z } from 'zod'
import type { AcquisitionsPort } from '../../schema/graphql/context.ts'
import type { WrappedKey } from '../../schema/graphql/domain.ts'
import { parseTransactionKeyId, type TransactionKeyId } from '../../schema/wire/brands.ts'
import { badInput, KeyServerError, notFound } from '../../schema/wire/errors.ts'
import { limits } from '../../schema/wire/limits.ts'
import { nonceRefusals } from '../auth/nonces.ts'
import type { NonceToConsume, SignedRequest } from '../auth/signed-request.ts'
import type { Databases } from '../database/connect.ts'
import { parseInput, uuid } from '../lib/input.ts'
import type { AcquisitionPurpose } from '../../schema/wire/enums.ts'

/** The arguments of one acquisition, unparsed. */
type AcquireInput = Parameters<AcquisitionsPort['acquire']>[0]

const acquisitionRefusals = ['NOT_FOUND', 'KEY_REVOKED', 'KEY_NOT_YET_VALID', 'KEY_OVERUSED'] as const

const acquiredRow = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('GRANTED'), key_id: z.guid(), wrapped_key: z.string() }),
  z.object({
    outcome: z.enum([...nonceRefusals, ...acquisitionRefusals]),
    key_id: z.null(),
    wrapped_key: z.null(),
  }),
])

type AcquiredRow = z.infer<typeof acquiredRow>

/**
 * Releases wrapped keys, and counts uses. The database function `acquire_wrapped_keys` does all of it in one round trip and
 * one transaction: it consumes the nonce, decides, counts, alerts and reads the wrapped keys.
 */
export class Acquisitions {
  readonly #databases: Databases

  constructor(databases: Databases) {
    this.#databases = databases
  }

  /** The port of one request. */
  forRequest(request: SignedRequest): AcquisitionsPort {
    return { acquire: (input) => this.#acquire(request, input) }
  }

  async #acquire(request: SignedRequest, input: AcquireInput): Promise<WrappedKey[]> {
    const { accountId, managementKeyId } = await request.verifyOwner()
    const acquisitionId =
      input.acquisitionId === null ? null : parseInput(uuid, input.acquisitionId, 'acquisitionId')
    const keyIds = parseKeyIds(input)
    if (keyIds === null) {
      await request.consumeNonce()
      throw refusal('NOT_FOUND')
    }
    const { outcome, rows } = await request.statement((nonce) =>
      this.#run(nonce, { keyIds, purpose: input.purpose, acquisitionId }),
    )
    if (outcome !== 'GRANTED') throw refusal(outcome)
    return rows.flatMap(({ key_id: transactionKeyId, wrapped_key: jwe }) =>
      transactionKeyId === null ? [] : [{ accountId, managementKeyId, transactionKeyId, jwe }],
    )
  }

  async #run(
    { accountId, managementKeyId, nonce, created, expires }: NonceToConsume,
    {
      keyIds,
      purpose,
      acquisitionId,
    }: {
      readonly keyIds: readonly TransactionKeyId[]
      readonly purpose: AcquisitionPurpose
      readonly acquisitionId: string | null
    },
  ): Promise<{ readonly outcome: AcquiredRow['outcome']; readonly rows: readonly AcquiredRow[] }> {
    const answer = await this.#databases.writes.sql`
      SELECT * FROM acquire_wrapped_keys(
        ${accountId}, ${managementKeyId}, ${nonce}, ${created}, ${expires},
        ${[...keyIds]}::uuid[], ${purpose}, ${acquisitionId}, ${limits.acquisitionIdHours})`
    const rows = answer.map((row) => acquiredRow.parse(row))
    const [first] = rows
    if (first === undefined && keyIds.length > 0) {
      throw new TypeError('The database answered an acquisition with nothing.')
    }
    return { outcome: first?.outcome ?? 'GRANTED', rows }
  }
}

/** Null when an id is malformed, which is answered like an unknown one. */
function parseKeyIds({ transactionKeyIds, field }: AcquireInput): TransactionKeyId[] | null {
  if (transactionKeyIds.length > limits.batchMax) {
    throw badInput(field, `There are at most ${String(limits.batchMax)} keys in a request.`)
  }
  const ids = transactionKeyIds.map(parseTransactionKeyId)
  if (!ids.every((id) => id !== null)) return null
  if (new Set(ids).size !== ids.length) throw badInput(field, 'A request must not name a key twice.')
  return ids
}

function refusal(outcome: string): KeyServerError {
  switch (outcome) {
    case 'NOT_FOUND':
      return notFound('transaction key, or it is not wrapped for this management key')
    case 'KEY_REVOKED':
      return new KeyServerError(outcome, 'This transaction key is revoked.')
    case 'KEY_NOT_YET_VALID':
      return new KeyServerError(outcome, "This transaction key's term has not begun.")
    case 'KEY_OVERUSED':
      return new KeyServerError(outcome, 'This transaction key has no uses left.')
    default:
      throw new TypeError('The database answered an acquisition with an unknown outcome.')
  }
}
