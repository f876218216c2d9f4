import { decodeBase64url, encodeBase64 } from '../../../schema/wire/base64url.ts'
import type { PublicJwk } from '../../index.ts'

/** A public key in the forms that other programs read. Null: there is none of this form for its kind. */
export interface PublicForms {
  readonly jwk: string
  readonly pem: string | null
  readonly openSsh: string | null
}

/** Writes a public key down; `comment` ends the OpenSSH line. */
export async function publicFormsOf(jwk: PublicJwk, comment: string): Promise<PublicForms> {
  return {
    jwk: JSON.stringify(jwk, null, 2),
    pem: await pemOf(jwk),
    openSsh: openSshOf(jwk, comment),
  }
}

/** SubjectPublicKeyInfo in PEM (RFC 7468 §13). */
async function pemOf(jwk: PublicJwk): Promise<string | null> {
  if (jwk.kty !== 'OKP' && jwk.kty !== 'EC') return null
  const algorithm = jwk.kty === 'EC' ? { name: 'ECDSA', namedCurve: jwk.crv } : { name: jwk.crv }
  const usages: KeyUsage[] = jwk.crv === 'X25519' ? [] : ['verify']
  const key = await crypto.subtle.importKey('jwk', { ...jwk }, algorithm, true, usages)
  const base64 = encodeBase64(new Uint8Array(await crypto.subtle.exportKey('spki', key)))
  const lines = base64.match(/.{1,64}/g) ?? []
  return ['-----BEGIN PUBLIC KEY-----', ...lines, '-----END PUBLIC KEY-----', ''].join('\n')
}

/** One line of an OpenSSH public key file (RFC 8709 §4, RFC 5656 §3.1). */
function openSshOf(jwk: PublicJwk, comment: string): string | null {
  if (jwk.kty === 'OKP' && jwk.crv === 'Ed25519') {
    return sshLine('ssh-ed25519', [bytesOf(jwk.x)], comment)
  }
  if (jwk.kty !== 'EC') return null
  const curve = jwk.crv.replace('P-', 'nistp')
  const point = Uint8Array.of(4, ...bytesOf(jwk.x), ...bytesOf(jwk.y))
  return sshLine(`ecdsa-sha2-${curve}`, [new TextEncoder().encode(curve), point], comment)
}

function sshLine(type: string, fields: readonly Uint8Array[], comment: string): string {
  const parts = [new TextEncoder().encode(type), ...fields].map(sshString)
  const words = comment.replaceAll(/\s+/g, '-')
  return `${type} ${encodeBase64(Uint8Array.from(parts.flatMap((part) => [...part])))} ${words}`
}

/** RFC 4251 §5: a length of four bytes, and the bytes. */
function sshString(bytes: Uint8Array): Uint8Array {
  return Uint8Array.of(0, 0, bytes.length >> 8, bytes.length & 255, ...bytes)
}

function bytesOf(base64url: string): Uint8Array {
  return decodeBase64url(base64url) ?? new Uint8Array()
}
