import {
  toAccountId,
  toApplicationServerId,
  toApplicationServerKeyId,
  toManagementKeyId,
  type AccountId,
  type ApplicationServerId,
  type ApplicationServerKeyId,
  type ManagementKeyId,
} from '../../schema/wire/brands.ts'
import type { ParsedSignature } from '../../schema/wire/signatures/http-signature.ts'

/** The kinds of {@link PrincipalKind}. */
export const principalKinds = ['ACCOUNT', 'APPLICATION_SERVER'] as const

/**
 * An account signs with one of its management keys, an application server with a key of its own. Neither passes for the
 * other.
 */
export type PrincipalKind = (typeof principalKinds)[number]

/** The account or application server whose key signed a request. `keyId` is the `keyid` of the signature. */
export type Principal =
  | {
      readonly kind: 'ACCOUNT'
      readonly principalId: AccountId
      readonly keyId: ManagementKeyId
      /** The management key's kind is VIEWER: it reads, and nothing else. */
      readonly isViewer: boolean
    }
  | {
      readonly kind: 'APPLICATION_SERVER'
      readonly principalId: ApplicationServerId
      readonly keyId: ApplicationServerKeyId
    }

/** The id of a principal of either kind. */
export type PrincipalId = Principal['principalId']

/** The management key that signed a request, and its account. */
export interface AccountPrincipal {
  readonly accountId: AccountId
  readonly managementKeyId: ManagementKeyId
}

/** The key of an application server that signed a request. */
export interface ApplicationServerPrincipal {
  readonly applicationServerId: ApplicationServerId
  readonly keyId: ApplicationServerKeyId
}

/**
 * Makes a principal from a registered key and its `keyid`.
 *
 * @throws {TypeError} for malformed ids
 */
export function toPrincipal(
  {
    kind,
    principalId,
    isViewer,
  }: { readonly kind: PrincipalKind; readonly principalId: string; readonly isViewer: boolean },
  keyId: string,
): Principal {
  return kind === 'ACCOUNT'
    ? { kind, principalId: toAccountId(principalId), keyId: toManagementKeyId(keyId), isViewer }
    : { kind, principalId: toApplicationServerId(principalId), keyId: toApplicationServerKeyId(keyId) }
}

/** The parameters of a signature that are stored when its nonce is consumed, so that it is accepted once. */
export type SignatureNonce = Pick<ParsedSignature, 'nonce' | 'created' | 'expires'>
