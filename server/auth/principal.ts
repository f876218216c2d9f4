import type { ParsedSignature } from '../../schema/wire/signatures/http-signature.ts'

/** The kinds of {@link PrincipalKind}. */
export const principalKinds = ['ACCOUNT', 'APPLICATION_SERVER'] as const

/** An account signs with one of its management keys, an application server with a key of its own. Neither passes for the other. */
export type PrincipalKind = (typeof principalKinds)[number]

/** The account or application server whose key signed a request. */
export interface Principal {
  readonly kind: PrincipalKind
  /** The id of the account, or of the application server: a UUID. */
  readonly principalId: string
  /** RFC 7638 thumbprint: the `keyid` of the signature. */
  readonly keyId: string
}

/** The management key that signed a request, and its account. */
export interface AccountPrincipal {
  readonly accountId: string
  readonly managementKeyId: string
}

/** The key of an application server that signed a request. */
export interface ApplicationServerPrincipal {
  readonly applicationServerId: string
  readonly keyId: string
}

/** The parameters of a signature that make its request unique: what is consumed with the request's effect. */
export type SignatureNonce = Pick<ParsedSignature, 'nonce' | 'created' | 'expires'>
