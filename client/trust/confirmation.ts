import { encodeBase64url } from '../../schema/wire/base64url.ts'
import { thumbprint } from '../../schema/wire/keys/jwk.ts'
import type { KeyCertificate } from '../../schema/wire/statements/statement.ts'
import { publicHalfOf, type Secret } from '../crypto/transaction-key.ts'

/** How a certificate confirms a key: by its public key or, when it is symmetric, by the secret's thumbprint. */
export async function confirmationOf(secret: Secret): Promise<KeyCertificate['cnf']> {
  const publicKey = publicHalfOf(secret)
  return publicKey === null ? { jkt: await octThumbprint(secret) } : { jwk: publicKey }
}

/** Whether a secret is the one that a certificate confirms. */
export async function isConfirmed({ cnf }: KeyCertificate, secret: Secret): Promise<boolean> {
  const publicKey = publicHalfOf(secret)
  if (publicKey === null) return 'jkt' in cnf && cnf.jkt === (await octThumbprint(secret))
  return 'jwk' in cnf && (await thumbprint(cnf.jwk)) === (await thumbprint(publicKey))
}

/** RFC 7638 §3.2. Of 256 random bits it tells nothing. */
async function octThumbprint({ jwk }: Secret): Promise<string> {
  const canonical = new TextEncoder().encode(JSON.stringify({ k: jwk['k'], kty: 'oct' }))
  return encodeBase64url(new Uint8Array(await crypto.subtle.digest('SHA-256', canonical)))
}
