import { badInput } from '../../schema/wire/errors.ts'
import { isAccountName } from '../../schema/wire/account-name.ts'
import type { SigningJwk, WrappingJwk } from '../../schema/wire/keys/jwk.ts'
import { publicManagementKey, listedWrappingKey } from '../crypto/management-key.ts'
import type { Session } from '../trust/session.ts'
import type { Operation } from '../transport/graphql.ts'
import { signedInTime } from '../transport/signed-in-time.ts'
import { signEndorsement } from '../trust/endorse.ts'
import { accountFields, parseAccount, type ListedAccount } from '../trust/listed-account.ts'
import type { ManagementKeyKind } from '../../schema/wire/enums.ts'

/** An account, as the key server describes it. */
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
  /** Null when it wraps keys with a secret of its own. */
  readonly wrappingKey: WrappingJwk | null
  /** JWS `claviger-endorsement+jwt`. */
  readonly endorsement: string | null
  readonly createdAt: Date
  readonly lastUsedAt: Date | null
  readonly revokedAt: Date | null
  /** Whether this device trusts it: it is its own, or endorsements lead to it from an anchor. Keys are wrapped for no other. */
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

/** Opens the account of the session's owner with the session's management key, endorsed by itself, under a label. */
export async function openAccount(
  { owner, keyServer, managementKey, clock }: Session,
  { label, invitation }: { readonly label: string; readonly invitation: string | undefined },
): Promise<void> {
  const { signingKey } = await publicManagementKey(managementKey)
  const publicKeys = { signingKey, wrappingKey: await listedWrappingKey(managementKey) }
  await signedInTime(clock, async () => {
    const endorsement = await signEndorsement(
      { ...publicKeys, kind: 'DEVICE' },
      { owner, managementKey, nowSeconds: clock.nowSeconds() },
    )
    await keyServer.run(openAccountOperation, {
      input: {
        name: owner,
        ...(invitation !== undefined && { invitation }),
        managementKey: { label, ...publicKeys, kind: 'DEVICE', endorsement },
      },
    })
  })
}

/**
 * Reads the account of the session's management key.
 *
 * @throws {VaultError} ANSWER_MALFORMED when it is another account; ROLLBACK when a management key is missing, or was
 *   revoked and is listed as active.
 */
export async function readAccount({ trust }: Session): Promise<Account> {
  const { account, trusted, trustErrors } = await trust.readAccount()
  const { id, name, createdAt, managementKeys } = account
  return {
    id,
    name,
    createdAt,
    managementKeys: managementKeys
      .filter(({ revokedAt }) => revokedAt === null)
      .map((key) => ({ ...key, isTrusted: trusted.has(key.id) && !trustErrors.has(key.id) })),
  }
}

/**
 * Refuses a name that the key server would refuse, before the keystore is changed.
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
