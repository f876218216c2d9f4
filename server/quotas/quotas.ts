import type { QuotaName } from '../../schema/wire/errors.ts'

/** How much each account may have, where the operator has set nothing for it alone. */
export type Quotas = Readonly<Record<QuotaName, number>>

/** Without settings. */
export const defaultQuotas: Quotas = {
  transactionKeys: 10_000,
  managementKeys: 100,
  webhooks: 5,
  storedBytes: 64 * 1024 * 1024,
}
