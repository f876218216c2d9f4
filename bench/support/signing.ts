import {
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
import type { Owner } from './owners.ts'

/** The part of an owner that signs. */
type Signer = Pick<Owner, 'managementKeyId' | 'privateKey'>

const lifetimeSeconds = 60

/** The payload of `connection_init`. */
export async function signSocket(url: string, owner: Signer): Promise<object> {
  const parameters = parametersOf(owner)
  const base = signatureBase(webSocketProfile, parameters, {
    '@method': 'GET',
    '@target-uri': `${url}/graphql`,
  })
  return {
    'signature-input': serializeSignatureInput(webSocketProfile, parameters),
    signature: serializeSignature(await signBytes('ed25519', owner.privateKey, base)),
  }
}

/** A whole HTTP request, good once and within a minute. */
export async function signRequest(url: string, owner: Signer, body: string): Promise<Uint8Array> {
  const parameters = parametersOf(owner)
  const digest = await contentDigest(new TextEncoder().encode(body))
  const base = signatureBase(httpProfile, parameters, {
    '@method': 'POST',
    '@target-uri': `${url}/graphql`,
    'content-type': 'application/json',
    'content-digest': digest,
  })
  return httpRequest(new URL(`${url}/graphql`), body, {
    'content-digest': digest,
    'signature-input': serializeSignatureInput(httpProfile, parameters),
    signature: serializeSignature(await signBytes('ed25519', owner.privateKey, base)),
  })
}

/** The bytes of a POST of JSON. */
export function httpRequest(
  url: URL,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Uint8Array {
  const lines = Object.entries({
    host: url.host,
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.from(`POST ${url.pathname} HTTP/1.1\r\n${lines.join('')}\r\n${body}`)
}

function parametersOf({ managementKeyId }: Signer): SignatureParameters {
  const created = Math.floor(Date.now() / 1000)
  return {
    created,
    expires: created + lifetimeSeconds,
    nonce: createNonce(),
    keyid: managementKeyId,
    alg: 'ed25519',
  }
}
