import { badInput } from '../../schema/wire/errors.ts'
import { isAccountName } from '../../schema/wire/account-name.ts'
import type { SigningJwk, WrappingJwk } from '../../schema/wire/keys/jwk.ts'
import { publicManagementKey, shownWrappingKey } from '../crypto/management-key.ts'
import type { Session } from '../trust/session.ts'
import type { Operation } from '../transport/graphql.ts'
import { signedInTime } from '../transport/signed-in-time.ts'
import { signEndorsement } from '../trust/endorse.ts'
import { accountFields, parseAccount, type ListedAccount } from '../trust/listed-account.ts'
import type { ManagementKeyKind } from '../../schema/wire/enums.ts'

/** A key owner, as the key server describes it. */
export interface Account {
  /** UUID. */
  readonly id: string
  readonly name: string
  readonly createdAt: Date
  /** Those that are not revoked. */
  readonly managementKeys: readonly ManagementKeyDescription[]
}

/** A management key, as the key server describes it. */
export interface ManagementKeyDescription {
  /** RFC 7638 thumbprint of `signingKey`. */
  readonly id: string
  readonly label: string
  readonly kind: ManagementKeyKind
  readonly signingKey: SigningJwk
  /** Null: it wraps keys under a secret of its own. */
  readonly wrappingKey: WrappingJwk | null
  /** JWS `claviger-endorsement+jwt`. */
  readonly endorsement: string | null
  readonly createdAt: Date
  readonly lastUsedAt: Date | null
  readonly revokedAt: Date | null
  /** Whether this device trusts it: it is its own, or endorsements lead to it. Keys are wrapped for no other. */
  readonly isTrusted: boolean
}

const openAccountOperation: Operation<ListedAccount> = {
  kind: 'mutation',
  document: /* GraphQL */ `
    mutation OpenAccount($input: OpenAccountInput!) {
      openAccount(input: $input) { ${accountFields} }
    }
  `,
  parse: (data) => parseAccount(data.object('openAccount')),
}

/** Registers the session's management key under the session's owner, endorsed by itself. `label` names the key. */
export async function openAccount(
  { owner, keyServer, managementKey, clock }: Session,
  label: string,
): Promise<void> {
  const { signingKey } = await publicManagementKey(managementKey)
  const publicKeys = { signingKey, wrappingKey: await shownWrappingKey(managementKey) }
  await signedInTime(clock, async () => {
    const endorsement = await signEndorsement(
      { ...publicKeys, kind: 'DEVICE' },
      { owner, managementKey, nowSeconds: clock.nowSeconds() },
    )
    await keyServer.run(openAccountOperation, {
      input: { name: owner, managementKey: { label, ...publicKeys, kind: 'DEVICE', endorsement } },
    })
  })
}

/**
 * The account whose management key the session has.
 *
 * @throws {VaultError} ANSWER_MALFORMED when it is another one; ROLLBACK when a management key is missing, or not revoked
 *   any more.
 */
export async function readAccount({ trust }: Session): Promise<Account> {
  const { account, trusted, trustErrors: doubts } = await trust.readAccount()
  const { id, name, createdAt, managementKeys } = account
  return {
    id,
    name,
    createdAt,
    managementKeys: managementKeys
      .filter(({ revokedAt }) => revokedAt === null)
      .map((key) => ({ ...key, isTrusted: trusted.has(key.id) && !doubts.has(key.id) })),
  }
}

/**
 * Refuses what the key server would refuse, before a keystore is touched.
 *
 * @throws {KeyServerError} BAD_USER_INPUT.
 */
export function assertAccountName(owner: string): void {
  if (isAccountName(owner)) return
  throw badInput(
    'input.name',
    "An account's name is 3 to 64 of a-z, 0-9, '.', '_', '-', '@', starting with a letter or digit.",
  )
}
