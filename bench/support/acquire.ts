import type postgres from 'postgres'
import { createNonce } from '../../schema/wire/signatures/http-signature.ts'
import type { Owner } from './owners.ts'

/** What the database function needs of a request. */
export interface AskedAcquisition {
  readonly accountId: string
  readonly managementKeyId: string
  readonly nonce: string
  readonly created: number
  readonly expires: number
  readonly transactionKeyId: string
}

export function askFor({ accountId, managementKeyId }: Owner, transactionKeyId: string): AskedAcquisition {
  const created = Math.floor(Date.now() / 1000)
  return {
    accountId,
    managementKeyId,
    nonce: createNonce(),
    created,
    expires: created + 60,
    transactionKeyId,
  }
}

/** One acquisition for use, as the key server makes it. */
export function acquire(
  sql: postgres.Sql,
  { accountId, managementKeyId, nonce, created, expires, transactionKeyId }: AskedAcquisition,
) {
  return sql<{ outcome: string; wrapped_key: string | null }[]>`
    SELECT outcome, wrapped_key FROM acquire_wrapped_keys(${accountId}, ${managementKeyId}, ${nonce}, ${created}, ${expires},
      ${[transactionKeyId]}::uuid[], 'USE', NULL, 24, NULL)`
}
