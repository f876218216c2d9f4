import { InvalidJwk, parseSigningJwk, parseWrappingJwk } from '../../schema/wire/keys/jwk.ts'
import { VaultError } from '../errors.ts'
import type { ResponseReader } from '../transport/response-reader.ts'
import type { GraphqlClient, Operation } from '../transport/graphql.ts'
import type { ListedManagementKey } from './follow-endorsements.ts'
import { managementKeyKinds } from '../../schema/wire/enums.ts'

/** An account as the key server lists it, not verified. */
export interface ListedAccount {
  /** UUID. */
  readonly id: string
  readonly name: string
  readonly createdAt: Date
  /** Revoked ones included. */
  readonly managementKeys: readonly DescribedManagementKey[]
}

export interface DescribedManagementKey extends ListedManagementKey {
  readonly label: string
  readonly createdAt: Date
  readonly lastUsedAt: Date | null
}

/** Maximum number of management keys in a list, far above what an owner has: each one costs its reader a verification. */
const managementKeysMax = 1000

/** Reads the account of the management key that signs the request. */
export function readListedAccount(keyServer: GraphqlClient): Promise<ListedAccount> {
  return keyServer.run(accountOperation)
}

export const accountFields = /* GraphQL */ `
  id name createdAt
  managementKeys(includeRevoked: true) {
    id label kind signingKey wrappingKey endorsement createdAt lastUsedAt revokedAt revocation
  }
`

/** @throws {VaultError} ANSWER_MALFORMED. */
export function parseAccount(answer: ResponseReader): ListedAccount {
  const managementKeys = answer.list('managementKeys')
  if (managementKeys.length > managementKeysMax) throw malformed('managementKeys')
  return {
    id: answer.text('id'),
    name: answer.text('name'),
    createdAt: answer.instant('createdAt'),
    managementKeys: managementKeys.map(parseManagementKey),
  }
}

const accountOperation: Operation<ListedAccount> = {
  kind: 'query',
  document: `query Account { account { ${accountFields} } }`,
  parse: (data) => parseAccount(data.object('account')),
}

function parseManagementKey(answer: ResponseReader): DescribedManagementKey {
  const key = (name: string) => answer.value(name)
  return {
    id: answer.text('id'),
    label: answer.text('label'),
    kind: answer.oneOf('kind', managementKeyKinds),
    signingKey: jwk('signingKey', () => parseSigningJwk(key('signingKey'))),
    wrappingKey:
      key('wrappingKey') === null ? null : jwk('wrappingKey', () => parseWrappingJwk(key('wrappingKey'))),
    endorsement: answer.textOrNull('endorsement'),
    createdAt: answer.instant('createdAt'),
    lastUsedAt: answer.instantOrNull('lastUsedAt'),
    revokedAt: answer.instantOrNull('revokedAt'),
    revocation: answer.textOrNull('revocation'),
  }
}

function jwk<T>(name: string, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    if (error instanceof InvalidJwk) throw malformed(name)
    throw error
  }
}

function malformed(name: string): VaultError {
  return new VaultError('ANSWER_MALFORMED', { detail: `The member "${name}" is invalid.` })
}
