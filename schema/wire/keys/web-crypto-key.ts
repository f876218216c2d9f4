/**
 * A `CryptoKey` of WebCrypto. It is named by the global value, which lib.dom and the types of Node both declare; as a
 * global type only the former has it.
 */
export type WebCryptoKey = InstanceType<typeof globalThis.CryptoKey>

/** The key pair that `crypto.subtle.generateKey` makes for an asymmetric algorithm. */
export interface WebCryptoKeyPair {
  readonly publicKey: WebCryptoKey
  readonly privateKey: WebCryptoKey
}

/** A private key as a JWK (RFC 7517), such as `crypto.subtle.exportKey('jwk', …)` returns. */
export interface PrivateJwk {
  readonly kty?: string | undefined
  readonly crv?: string | undefined
  readonly x?: string | undefined
  readonly y?: string | undefined
  /** The private half. */
  readonly d?: string | undefined
}
