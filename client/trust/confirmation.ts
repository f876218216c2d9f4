import { encodeBase64url } from '../../schema/wire/base64url.ts'
import { thumbprint } from '../../schema/wire/keys/thumbprint.ts'
import type { KeyCertificate } from '../../schema/wire/statements/statement.ts'
import { publicHalfOf } from '../crypto/public-half.ts'
import type { Secret } from '../crypto/transaction-key.ts'

/** The claim `cnf` for a key (RFC 7800): its public key or, when it is symmetric, the secret's thumbprint. */
export async function confirmationOf(secret: Secret): Promise<KeyCertificate['cnf']> {
  const publicKey = await publicHalfOf(secret)
  return publicKey === null ? { jkt: await octThumbprint(secret) } : { jwk: publicKey }
}

/** Whether a secret matches the claim `cnf` of a certificate. */
export async function isConfirmed({ cnf }: KeyCertificate, secret: Secret): Promise<boolean> {
  const publicKey = await publicHalfOf(secret)
  if (publicKey === null) return 'jkt' in cnf && cnf.jkt === (await octThumbprint(secret))
  return 'jwk' in cnf && (await thumbprint(cnf.jwk)) === (await thumbprint(publicKey))
}

/** RFC 7638 §3.2. A thumbprint of 256 random bits reveals nothing about them. */
async function octThumbprint({ jwk }: Secret): Promise<string> {
  const canonical = new TextEncoder().encode(JSON.stringify({ k: jwk['k'], kty: 'oct' }))
  return encodeBase64url(new Uint8Array(await crypto.subtle.digest('SHA-256', canonical)))
}
