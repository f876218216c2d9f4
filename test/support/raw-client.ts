import { randomUUID } from 'node:crypto'
import { CompactEncrypt, exportJWK, generateKeyPair, type JWK } from 'jose'
import { parseSigningJwk, parseWrappingJwk } from '../../schema/wire/keys/jwk.ts'
import { thumbprint } from '../../schema/wire/keys/thumbprint.ts'
import {
  algorithmOf,
  contentDigest,
  createNonce,
  httpProfile,
  serializeSignature,
  serializeSignatureInput,
  signatureBase,
  signBytes,
  webSocketProfile,
  type SignatureParameters,
} from '../../schema/wire/signatures/http-signature.ts'

/*
 * A client for tests that speaks the protocol by hand, so that it can also speak it wrongly. The SDK has tests of its own.
 */

export interface RawKey {
  readonly id: string
  readonly signingKey: JWK
  readonly wrappingKey: JWK
  readonly privateKey: CryptoKey
  readonly wrappingPublicKey: CryptoKey
}

export async function createRawKey(algorithm: 'Ed25519' | 'ES256' = 'Ed25519'): Promise<RawKey> {
  const signing = await generateKeyPair(algorithm, { extractable: true })
  const wrapping = await generateKeyPair('ECDH-ES', { crv: 'X25519', extractable: true })
  const signingKey = parseSigningJwk(await exportJWK(signing.publicKey))
  return {
    id: await thumbprint(signingKey),
    signingKey,
    wrappingKey: parseWrappingJwk(await exportJWK(wrapping.publicKey)),
    privateKey: signing.privateKey,
    wrappingPublicKey: wrapping.publicKey,
  }
}

export interface GraphQLAnswer {
  readonly status: number
  // Tests read answers of many shapes; what they expect of them they assert.
  readonly data: Record<string, any> | null | undefined // eslint-disable-line @typescript-eslint/no-explicit-any -- see above
  readonly errors: readonly {
    readonly message: string
    readonly path?: readonly (string | number)[]
    readonly extensions: Record<string, unknown>
  }[]
  /** The code of the first error. */
  readonly code: unknown
}

export interface SignedRequest {
  readonly url: string
  readonly headers: Record<string, string>
  readonly body: string
}

/** Signs a GraphQL request; every part can be overridden after the signing by changing what it returns. */
export async function signRequest(
  url: string,
  key: RawKey,
  request: { query: string; variables?: unknown; parameters?: Partial<SignatureParameters>; target?: string },
): Promise<SignedRequest> {
  const body = JSON.stringify({ query: request.query, variables: request.variables })
  const digest = await contentDigest(new TextEncoder().encode(body))
  const parameters = signatureParameters(key, request.parameters)
  const base = signatureBase(httpProfile, parameters, {
    '@method': 'POST',
    '@target-uri': request.target ?? `${url}/graphql`,
    'content-type': 'application/json',
    'content-digest': digest,
  })
  const signature = await signBytes(algorithmOf(parseSigningJwk(key.signingKey)), key.privateKey, base)
  return {
    url: `${url}/graphql`,
    headers: {
      'content-type': 'application/json',
      'content-digest': digest,
      'signature-input': serializeSignatureInput(httpProfile, parameters),
      signature: serializeSignature(signature),
    },
    body,
  }
}

function signatureParameters(key: RawKey, overrides: Partial<SignatureParameters> = {}): SignatureParameters {
  const created = Math.floor(Date.now() / 1000)
  return {
    created,
    expires: created + 60,
    nonce: createNonce(),
    keyid: key.id,
    alg: algorithmOf(parseSigningJwk(key.signingKey)),
    ...overrides,
  }
}

/** The payload of `connection_init`. */
export async function signSocket(
  url: string,
  key: RawKey,
  overrides: Partial<SignatureParameters> = {},
): Promise<{ 'signature-input': string; signature: string }> {
  const parameters = signatureParameters(key, overrides)
  const base = signatureBase(webSocketProfile, parameters, {
    '@method': 'GET',
    '@target-uri': `${url}/graphql`,
  })
  const signature = await signBytes(parameters.alg, key.privateKey, base)
  return {
    'signature-input': serializeSignatureInput(webSocketProfile, parameters),
    signature: serializeSignature(signature),
  }
}

export async function send({ url, headers, body }: SignedRequest): Promise<GraphQLAnswer> {
  const response = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(45_000) })
  const answer = JSON.parse(await response.text())
  return {
    status: response.status,
    data: answer.data,
    errors: answer.errors ?? [],
    code: answer.errors?.[0]?.extensions?.code,
  }
}

/** Sends a request that is signed by `key`, or unsigned when it is null. */
export async function call(
  url: string,
  key: RawKey | null,
  request: { query: string; variables?: unknown; parameters?: Partial<SignatureParameters> },
): Promise<GraphQLAnswer> {
  if (key !== null) return send(await signRequest(url, key, request))
  const body = JSON.stringify({ query: request.query, variables: request.variables })
  return send({ url: `${url}/graphql`, headers: { 'content-type': 'application/json' }, body })
}

export interface RawAccount {
  readonly name: string
  readonly key: RawKey
}

/** Opens an account of a new name with a new key. */
export async function openAccount(
  url: string,
  { name = `owner-${randomUUID()}`, key }: { name?: string; key?: RawKey } = {},
): Promise<RawAccount> {
  const managementKey = key ?? (await createRawKey())
  const answer = await call(url, managementKey, {
    query: `mutation ($input: OpenAccountInput!) { openAccount(input: $input) { id name } }`,
    variables: {
      input: {
        name,
        managementKey: {
          label: 'test',
          signingKey: managementKey.signingKey,
          wrappingKey: managementKey.wrappingKey,
        },
      },
    },
  })
  if (answer.errors.length > 0) throw new Error(`openAccount failed: ${JSON.stringify(answer.errors)}`)
  return { name, key: managementKey }
}

/** Wraps `secret` for a management key as the protocol asks. */
export async function wrap(key: RawKey, secret: JWK | object = { kty: 'oct', k: 'AAAA' }): Promise<string> {
  return new CompactEncrypt(new TextEncoder().encode(JSON.stringify(secret)))
    .setProtectedHeader({ alg: 'ECDH-ES+A256KW', enc: 'A256GCM', kid: key.id, cty: 'jwk+json' })
    .encrypt(key.wrappingPublicKey)
}

export const storeMutation = `mutation ($input: StoreTransactionKeyInput!) {
  storeTransactionKey(input: $input) {
    id applicationServer label publicKey thumbprint state notBefore expiresAt expiryNotices maxUses useCount
    refusedCount overusePolicy lastUsedAt createdAt revokedAt revocationReason wrappedFor { id }
  }
}`

/** The input that stores a new Ed25519 key for `https://shop.example`, with changes. */
export async function storeInput(
  key: RawKey,
  changes: Record<string, unknown> = {},
): Promise<Record<string, unknown> & { id: string; publicKey: JWK | null }> {
  const pair = await generateKeyPair('Ed25519', { extractable: true })
  const { kty, crv, x } = await exportJWK(pair.publicKey)
  return {
    id: randomUUID(),
    applicationServer: 'https://shop.example',
    publicKey: { kty: kty ?? '', ...(crv !== undefined && { crv }), ...(x !== undefined && { x }) },
    wrappedKeys: [{ managementKeyId: key.id, jwe: await wrap(key, await exportJWK(pair.privateKey)) }],
    ...changes,
  }
}

/** Stores a key and returns its input. */
export async function storeKey(
  url: string,
  key: RawKey,
  changes: Record<string, unknown> = {},
): Promise<Awaited<ReturnType<typeof storeInput>>> {
  const input = await storeInput(key, changes)
  const answer = await call(url, key, { query: storeMutation, variables: { input } })
  if (answer.errors.length > 0)
    throw new Error(`storeTransactionKey failed: ${JSON.stringify(answer.errors)}`)
  return input
}

export const wrappedKeyQuery = `query ($id: ID!, $acquisitionId: ID) {
  wrappedKey(transactionKeyId: $id, acquisitionId: $acquisitionId) { jwe }
}`

export function acquire(
  url: string,
  key: RawKey,
  variables: { id: string; acquisitionId?: string },
): Promise<GraphQLAnswer> {
  return call(url, key, { query: wrappedKeyQuery, variables })
}
