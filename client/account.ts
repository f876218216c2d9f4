import { managementKeyKinds, type ManagementKeyKind } from '../schema/graphql/domain.ts'
import { badInput } from '../schema/wire/errors.ts'
import { isAccountName } from '../schema/wire/account-name.ts'
import type { PublicJwk } from '../schema/wire/jwk.ts'
import { publicManagementKey } from './crypto/management-key.ts'
import type { Session } from './session.ts'
import type { Answer } from './transport/answer.ts'
import type { Operation } from './transport/graphql.ts'

/** A key owner, as the key server describes it. */
export interface Account {
  /** UUID. */
  readonly id: string
  readonly name: string
  readonly createdAt: Date
  /** Those that are not revoked. */
  readonly managementKeys: readonly ManagementKeyDescription[]
}

export interface ManagementKeyDescription {
  /** RFC 7638 thumbprint of `signingKey`. */
  readonly id: string
  readonly label: string
  readonly kind: ManagementKeyKind
  readonly signingKey: PublicJwk
  readonly wrappingKey: PublicJwk | null
  readonly createdAt: Date
  /** To the minute. */
  readonly lastUsedAt: Date | null
  readonly revokedAt: Date | null
}

const accountFields = /* GraphQL */ `
  id name createdAt
  managementKeys { id label kind signingKey wrappingKey createdAt lastUsedAt revokedAt }
`

const openAccountOperation: Operation<Account> = {
  kind: 'mutation',
  document: /* GraphQL */ `
    mutation OpenAccount($input: OpenAccountInput!) {
      openAccount(input: $input) { ${accountFields} }
    }
  `,
  parse: (data) => parseAccount(data.object('openAccount')),
}

const accountOperation: Operation<Account> = {
  kind: 'query',
  document: `query Account { account { ${accountFields} } }`,
  parse: (data) => parseAccount(data.object('account')),
}

/** Registers the session's management key under the session's owner. `label` names the key. */
export async function openAccount(
  { owner, keyServer, managementKey }: Session,
  label: string,
): Promise<Account> {
  const publicKeys = await publicManagementKey(managementKey)
  return keyServer.run(openAccountOperation, {
    input: { name: owner, managementKey: { label, ...publicKeys } },
  })
}

/** The account whose management key the session has. */
export function readAccount({ keyServer }: Session): Promise<Account> {
  return keyServer.run(accountOperation)
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

function parseAccount(answer: Answer): Account {
  return {
    id: answer.text('id'),
    name: answer.text('name'),
    createdAt: answer.instant('createdAt'),
    managementKeys: answer.list('managementKeys').map(parseManagementKey),
  }
}

function parseManagementKey(answer: Answer): ManagementKeyDescription {
  return {
    id: answer.text('id'),
    label: answer.text('label'),
    kind: answer.oneOf('kind', managementKeyKinds),
    signingKey: answer.publicKey('signingKey'),
    wrappingKey: answer.publicKeyOrNull('wrappingKey'),
    createdAt: answer.instant('createdAt'),
    lastUsedAt: answer.instantOrNull('lastUsedAt'),
    revokedAt: answer.instantOrNull('revokedAt'),
  }
}
