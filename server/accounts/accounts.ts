import { eq } from 'drizzle-orm'
import { z } from 'zod'
import type { AccountsPort, OpenAccountInput } from '../../schema/graphql/context.ts'
import type { Account, ManagementKey } from '../../schema/graphql/domain.ts'
import { accounts, deletedAccounts, managementKeyOwners, managementKeys } from '../../schema/tables/index.ts'
import { toManagementKeyId } from '../../schema/wire/brands.ts'
import { badInput, KeyServerError, notFound } from '../../schema/wire/errors.ts'
import { thumbprint } from '../../schema/wire/keys/thumbprint.ts'
import { recordAudit } from '../audit/record.ts'
import type { SignedRequest } from '../auth/signed-request.ts'
import type { ClientRates } from '../rate-limits/client-rates.ts'
import type { Databases, Executor } from '../database/connect.ts'
import { accountName, parseInput } from '../lib/input.ts'
import { assertEndorsement } from '../management-keys/endorsement.ts'
import { noteAccount } from '../observation/request-report.ts'
import type { Registration } from '../../schema/wire/enums.ts'
import type { Quotas } from '../quotas/quotas.ts'
import { selectUsage } from '../quotas/usage.ts'
import { accountIdOf } from '../lib/account-id.ts'
import { admit } from './invitations.ts'
import { managementKeyInput } from '../management-keys/management-key-input.ts'
import { selectManagementKeys } from '../management-keys/management-key-rows.ts'

const openAccountInput = z.object({
  name: accountName,
  invitation: z
    .string()
    .max(200, { error: 'An invitation has at most 200 characters.' })
    .nullish()
    .transform((value) => value ?? null),
  managementKey: managementKeyInput,
})

/** Opens and reads accounts. */
export class Accounts {
  readonly #databases: Databases
  readonly #registration: Registration
  readonly #quotas: Quotas
  readonly #selectAccount

  constructor(
    databases: Databases,
    { registration, quotas }: { readonly registration: Registration; readonly quotas: Quotas },
  ) {
    this.#databases = databases
    this.#registration = registration
    this.#quotas = quotas
    this.#selectAccount = (id: string) =>
      databases.reads.db
        .select({ id: accounts.id, name: accounts.name, createdAt: accounts.createdAt })
        .from(accounts)
        .where(eq(accounts.id, id))
  }

  /** The port of one request. It reads a list of management keys once, even when several aliases select it. */
  forRequest(request: SignedRequest, { rates }: { readonly rates: ClientRates }): AccountsPort {
    const lists = new Map<string, Promise<ManagementKey[]>>()
    return {
      open: (input) => this.#open(request, input, rates),
      current: () => this.#current(request),
      usage: ({ id }) => selectUsage(this.#databases.reads.db, id, this.#quotas),
      managementKeys: ({ id }, { includeRevoked }) => {
        const listKey = `${id} ${String(includeRevoked)}`
        const cached = lists.get(listKey)
        if (cached !== undefined) return cached
        const list = selectManagementKeys(this.#databases.reads.db, id, { includeRevoked })
        lists.set(listKey, list)
        return list
      },
    }
  }

  async #open(request: SignedRequest, input: OpenAccountInput, rates: ClientRates): Promise<Account> {
    const { name, invitation, managementKey } = parseInput(openAccountInput, input, 'input')
    if (managementKey.kind === 'VIEWER') {
      throw badInput('input.managementKey.kind', 'A VIEWER reads an account, and opens none.')
    }
    const accountId = accountIdOf(name)
    const managementKeyId = toManagementKeyId(await thumbprint(managementKey.signingKey))
    const key = { principalId: accountId, keyId: managementKeyId, jwk: managementKey.signingKey }
    await rates.takeShared('openings')
    return request.registration(key, async (registration) => {
      const { tx, now } = registration
      await admit(tx, { registration: this.#registration, invitation, accountId })
      noteAccount(accountId)
      if (managementKey.endorsement !== null) {
        await assertEndorsement(managementKey.endorsement, {
          owner: name,
          managementKey,
          signingKey: managementKey.signingKey,
          now,
          field: 'input.managementKey.endorsement',
        })
      }
      const [account] = await tx
        .insert(accounts)
        .values({ id: accountId, name })
        .onConflictDoNothing()
        .returning({ id: accounts.id, name: accounts.name, createdAt: accounts.createdAt })
      if (account === undefined || (await isDeleted(tx, accountId)))
        throw new KeyServerError('CONFLICT', 'This account name is taken.')
      const owned = await tx
        .insert(managementKeyOwners)
        .values({ managementKeyId, accountId, signingKey: managementKey.signingKey, isViewer: false })
        .onConflictDoNothing()
        .returning({ accountId: managementKeyOwners.accountId })
      if (owned.length === 0) throw new KeyServerError('CONFLICT', 'This management key is taken.')
      await tx.insert(managementKeys).values({
        accountId,
        id: managementKeyId,
        label: managementKey.label,
        kind: managementKey.kind,
        signingKey: managementKey.signingKey,
        wrappingKey: managementKey.wrappingKey,
        endorsement: managementKey.endorsement?.compact ?? null,
      })
      await recordAudit({ ...registration, accountId, managementKeyId }, [{ action: 'ACCOUNT_OPENED' }])
      return account
    })
  }

  async #current(request: SignedRequest): Promise<Account> {
    const { accountId } = await request.consumeNonceOfAccount()
    const [account] = await this.#selectAccount(accountId)
    if (account === undefined) throw notFound('account')
    return account
  }
}

/** Nobody gets the name of a deleted account: application servers may still know it. */
async function isDeleted(tx: Executor, accountId: string): Promise<boolean> {
  const found = await tx
    .select({ id: deletedAccounts.accountId })
    .from(deletedAccounts)
    .where(eq(deletedAccounts.accountId, accountId))
  return found.length > 0
}
