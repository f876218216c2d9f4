import { z } from 'zod'
import type { AcquisitionsPort } from '../../schema/graphql/context.ts'
import type { WrappedKey } from '../../schema/graphql/domain.ts'
import { parseTransactionKeyId, type TransactionKeyId } from '../../schema/wire/brands.ts'
import { badInput, KeyServerError, notFound } from '../../schema/wire/errors.ts'
import { limits } from '../../schema/wire/limits.ts'
import { recordAudit } from '../audit/record.ts'
import { nonceRefusals } from '../auth/nonces.ts'
import type { NonceToConsume, SignedRequest, SignedTransaction } from '../auth/signed-request.ts'
import type { ClientRates } from '../rate-limits/client-rates.ts'
import { diskBytes } from '../rate-limits/disk-bytes.ts'
import type { Databases } from '../database/connect.ts'
import type { DatabaseNodes } from '../database/distribution/nodes.ts'
import { parseInput, uuid } from '../lib/input.ts'
import type { Meters } from '../observation/meters.ts'
import type { AcquisitionPurpose } from '../../schema/wire/enums.ts'
import { acquisitionRefusals, createAcquisitionGroups } from './acquisition-groups.ts'

/** The arguments of one acquisition, unparsed. */
type AcquireInput = Parameters<AcquisitionsPort['acquire']>[0]

const acquiredRow = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('GRANTED'), key_id: z.guid(), wrapped_key: z.string() }),
  z.object({
    outcome: z.enum([...nonceRefusals, ...acquisitionRefusals]),
    key_id: z.null(),
    wrapped_key: z.null(),
  }),
])

type AcquiredRow = z.infer<typeof acquiredRow>

interface AskedKeys {
  readonly keyIds: readonly TransactionKeyId[]
  readonly purpose: AcquisitionPurpose
  readonly acquisitionId: string | null
}

interface Decision {
  readonly outcome: AcquiredRow['outcome']
  readonly released: readonly Pick<WrappedKey, 'transactionKeyId' | 'jwe'>[]
}

/**
 * Releases wrapped keys, and counts uses. The database function `acquire_wrapped_keys` does all of it in one round trip and
 * one transaction: it consumes the nonce, decides, counts, alerts and reads the wrapped keys. Requests for one key to use are
 * gathered ({@link createAcquisitionGroups}).
 */
export class Acquisitions {
  readonly #databases: Databases
  readonly #meters: Meters
  readonly #groups: ReturnType<typeof createAcquisitionGroups>

  constructor(
    databases: Databases,
    { meters, nodes }: { readonly meters: Meters; readonly nodes: DatabaseNodes },
  ) {
    this.#databases = databases
    this.#meters = meters
    this.#groups = createAcquisitionGroups(nodes, async ({ transactionKeyId, acquisitionId, ...nonce }) => {
      const { outcome, rows } = await this.#run(nonce, {
        keyIds: [transactionKeyId],
        purpose: 'USE',
        acquisitionId,
      })
      return { outcome, jwe: rows[0]?.wrapped_key ?? null }
    })
  }

  /** The port of one request. */
  forRequest(request: SignedRequest, { rates }: { readonly rates: ClientRates }): AcquisitionsPort {
    return { acquire: (input) => this.#count(this.#acquire(request, input, rates)) }
  }

  async #count(acquiring: Promise<WrappedKey[]>): Promise<WrappedKey[]> {
    try {
      const wrappedKeys = await acquiring
      this.#meters.countAcquisitions('GRANTED', wrappedKeys.length)
      return wrappedKeys
    } catch (error) {
      if (error instanceof KeyServerError) this.#meters.countAcquisitions(error.code, 1)
      throw error
    }
  }

  async #acquire(request: SignedRequest, input: AcquireInput, rates: ClientRates): Promise<WrappedKey[]> {
    const { accountId, managementKeyId } = await request.verify()
    const count = input.transactionKeyIds.length
    rates.take('acquisitions', { cost: count, principalId: accountId })
    rates.take('written-bytes', { cost: count * diskBytes.acquisition, principalId: accountId })
    const ids = parseKeyIds(input)
    const recordRefusal = (code: string) => (signed: SignedTransaction) =>
      recordAudit(
        signed,
        ids.map((transactionKeyId) => ({
          action: 'KEY_ACQUIRED',
          purpose: input.purpose,
          transactionKeyId,
          code,
        })),
      )
    await request.verifyOwner({ onForbidden: recordRefusal('FORBIDDEN') })
    const acquisitionId =
      input.acquisitionId === null ? null : parseInput(uuid, input.acquisitionId, 'acquisitionId')
    const keyIds = ids.filter((id) => id !== null)
    if (keyIds.length < ids.length) {
      await request.transaction(recordRefusal('NOT_FOUND'))
      throw refusal('NOT_FOUND')
    }
    const { outcome, released } = await request.statement((nonce) =>
      this.#decide(nonce, { keyIds, purpose: input.purpose, acquisitionId }),
    )
    if (outcome !== 'GRANTED') throw refusal(outcome)
    return released.map((key) => ({ accountId, managementKeyId, ...key }))
  }

  async #decide(signed: NonceToConsume, asked: AskedKeys): Promise<Decision> {
    const [transactionKeyId] = asked.keyIds
    const { nonce } = signed
    const isGathered = asked.purpose === 'USE' && asked.keyIds.length === 1 && nonce !== null
    if (isGathered && transactionKeyId !== undefined) {
      const { acquisitionId } = asked
      const { outcome, jwe } = await this.#groups.decide({
        ...signed,
        nonce,
        transactionKeyId,
        acquisitionId,
      })
      return { outcome, released: jwe === null ? [] : [{ transactionKeyId, jwe }] }
    }
    const { outcome, rows } = await this.#run(signed, asked)
    const released = rows.flatMap(({ key_id: id, wrapped_key: jwe }) =>
      id === null ? [] : [{ transactionKeyId: id, jwe }],
    )
    return { outcome, released }
  }

  async #run(
    { accountId, managementKeyId, nonce, created, expires, address }: NonceToConsume,
    { keyIds, purpose, acquisitionId }: AskedKeys,
  ): Promise<{ readonly outcome: AcquiredRow['outcome']; readonly rows: readonly AcquiredRow[] }> {
    const answer = await this.#databases.writes.sql`
      SELECT * FROM acquire_wrapped_keys(
        ${accountId}, ${managementKeyId}, ${nonce}, ${created}, ${expires},
        ${[...keyIds]}::uuid[], ${purpose}, ${acquisitionId}, ${limits.acquisitionIdHours}, ${address})`
    const rows = answer.map((row) => acquiredRow.parse(row))
    const [first] = rows
    if (first === undefined && keyIds.length > 0) {
      throw new TypeError('The database answered an acquisition with nothing.')
    }
    return { outcome: first?.outcome ?? 'GRANTED', rows }
  }
}

/** Null stands for a malformed id, which is answered like an unknown one. */
function parseKeyIds({ transactionKeyIds, field }: AcquireInput): (TransactionKeyId | null)[] {
  if (transactionKeyIds.length > limits.batchMax) {
    throw badInput(field, `There are at most ${String(limits.batchMax)} keys in a request.`)
  }
  const ids = transactionKeyIds.map(parseTransactionKeyId)
  const known = ids.filter((id) => id !== null)
  if (new Set(known).size !== known.length) throw badInput(field, 'A request must not name a key twice.')
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
