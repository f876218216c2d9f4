import { generateKeyPair, exportJWK, createLocalJWKSet, jwtVerify, type JWTPayload, type JWK } from 'jose'
import { parsePublicJwk } from '../../schema/wire/keys/jwk.ts'
import { call } from './raw-client.ts'

/** A verification as the API answers it. */
export interface Verification {
  readonly coincides: boolean
  readonly valid: boolean
  readonly state: string | null
  readonly notBefore: string | null
  readonly expiresAt: string | null
  readonly certificate: string | null
  readonly checkedAt: string
  readonly answer: string
}

export interface Asked {
  readonly owner: string
  readonly applicationServer?: string
  readonly publicKey: unknown
}

const allFields = 'coincides valid state notBefore expiresAt certificate checkedAt answer'

/** Asks for one verification, with all that it says or with the fields given. */
export async function verify(url: string, asked: Asked, fields = allFields): Promise<Verification> {
  const { data, errors } = await call(url, null, {
    query: `query ($input: VerifyPublicKeyInput!) { verifyPublicKey(input: $input) { ${fields} } }`,
    variables: { input: { applicationServer: 'https://shop.example', ...asked } },
  })
  if (!data) throw new Error(JSON.stringify(errors))
  const verification: Verification = data['verifyPublicKey']
  return verification
}

/** A public key of nobody's. */
export async function createPublicKey(): Promise<JWK> {
  const { publicKey } = await generateKeyPair('Ed25519', { extractable: true })
  return { ...parsePublicJwk(await exportJWK(publicKey)) }
}

export async function fetchKeySet(url: string): Promise<{ keys: JWK[] }> {
  const response = await fetch(`${url}/.well-known/jwks.json`, { signal: AbortSignal.timeout(5_000) })
  const keySet: { keys: JWK[] } = JSON.parse(await response.text())
  return keySet
}

/** Checks an answer as an application server would that has nothing but the key set and a JOSE library. */
export async function checkOffline(
  answer: string,
  {
    keySet,
    issuer,
    audience,
    now,
  }: { keySet: { keys: JWK[] }; issuer: string; audience?: string; now?: Date },
): Promise<JWTPayload> {
  const { payload } = await jwtVerify(answer, createLocalJWKSet(keySet), {
    algorithms: ['EdDSA'],
    typ: 'claviger-answer+jwt',
    issuer,
    audience: audience ?? 'https://shop.example',
    requiredClaims: ['sub', 'jkt', 'coincides', 'valid', 'iat', 'exp'],
    ...(now && { currentDate: now }),
  })
  return payload
}
