import type { SigningJwk } from '../../../schema/wire/keys/jwk.ts'
import { thumbprint } from '../../../schema/wire/keys/thumbprint.ts'
import {
  contentDigest,
  httpProfile,
  serializeSignature,
  serializeSignatureInput,
  signatureBase,
  signBytes,
  webSocketProfile,
  type ComponentValues,
  type SignatureProfile,
} from '../../../schema/wire/signatures/http-signature.ts'

/** One request signed from first to last, each step as text. docs/protocol.md prints it. */
export interface SigningExample {
  readonly values: ComponentValues
  readonly signatureInput: string
  readonly signatureBase: string
  readonly signature: string
}

/** The key of RFC 8037 appendix A: its thumbprint and its determinism make the example repeatable by anybody. */
export const exampleKey = {
  jwk: {
    kty: 'OKP',
    crv: 'Ed25519',
    x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
  } satisfies SigningJwk,
  d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
} as const

/** The raw body of the example, 38 bytes. */
export const exampleBody = '{"query":"query { account { name } }"}'

/** 2026-11-23T06:21:00Z. */
export const exampleCreated = 1795414860

const parametersInCommon = {
  created: exampleCreated,
  expires: exampleCreated + 60,
  // The bytes 0 to 23.
  nonce: 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYX',
  alg: 'ed25519',
} as const

/** A signed POST, computed by schema/wire. */
export async function httpExample(): Promise<SigningExample> {
  return sign(httpProfile, {
    '@method': 'POST',
    '@target-uri': 'https://keys.example/graphql',
    'content-type': 'application/json',
    'content-digest': await contentDigest(new TextEncoder().encode(exampleBody)),
  })
}

/** The `connection_init` of a signed socket, computed by schema/wire. */
export function webSocketExample(): Promise<SigningExample> {
  return sign(webSocketProfile, { '@method': 'GET', '@target-uri': 'https://keys.example/graphql' })
}

/**
 * A P-256 signature over the signature base of {@link p256Parameters}: ECDSA draws a random number, so this one was
 * made once with signBytes and is to be verified, not repeated. The key is that of RFC 7515 appendix A.3.
 */
export const p256Example = {
  jwk: {
    kty: 'EC',
    crv: 'P-256',
    x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
    y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
  } satisfies SigningJwk,
  signature: 'sig=:7G8lfKipnwlpAtZdEfcUMX5nHbpg0uNLGKpI5A3pDGjSLA07lutZfMyKd3kkZW7TFgoML4gHDQnIps5djuhPUA==:',
} as const

/** The parameters of {@link p256Example}: those of {@link httpExample}, with this key's id and algorithm. */
export async function p256Parameters() {
  return {
    ...parametersInCommon,
    keyid: await thumbprint(p256Example.jwk),
    alg: 'ecdsa-p256-sha256',
  } as const
}

async function sign(profile: SignatureProfile, values: ComponentValues): Promise<SigningExample> {
  const parameters = { ...parametersInCommon, keyid: await thumbprint(exampleKey.jwk) }
  const base = signatureBase(profile, parameters, values)
  const privateKey = await crypto.subtle.importKey(
    'jwk',
    { ...exampleKey.jwk, d: exampleKey.d },
    'Ed25519',
    false,
    ['sign'],
  )
  return {
    values,
    signatureInput: serializeSignatureInput(profile, parameters),
    signatureBase: new TextDecoder().decode(base),
    signature: serializeSignature(await signBytes(parameters.alg, privateKey, base)),
  }
}
