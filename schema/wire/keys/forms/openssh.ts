import { InvalidJwk, type PublicJwk } from '../jwk.ts'
import { decodeBase64 } from './base64.ts'
import { ecForm, okpForm, parseFixedForm, type FixedForm } from './fixed-forms.ts'

/** Whether a string looks like a line of an OpenSSH public key file. */
export function isOpenSsh(text: string): boolean {
  return /^\s*(?:ssh-|ecdsa-sha2-|sk-)/.test(text)
}

/**
 * Parses the one line of an OpenSSH public key file (`id_ed25519.pub`): a type, base64, and an optional comment. The caller
 * checks the point.
 *
 * @throws {InvalidJwk}
 */
export function parseOpenSsh(text: string): PublicJwk {
  const [type = '', base64 = ''] = /[\r\n]/.test(text.trim()) ? [] : text.trim().split(/[ \t]+/)
  const form = forms.get(type)
  const bytes = decodeBase64(base64)
  const jwk = form === undefined || bytes === null ? null : parseFixedForm(bytes, [form])
  if (jwk !== null) return jwk
  throw new InvalidJwk(`An OpenSSH key is one line, and its type one of ${[...forms.keys()].join(', ')}.`)
}

/** RFC 8709 §4 and RFC 5656 §3.1: the type again, the curve, and the key, each with its length before it. */
const forms: ReadonlyMap<string, FixedForm> = new Map([
  ['ssh-ed25519', okpForm('Ed25519', joined(field('ssh-ed25519'), lengthOf(32)))],
  ['ecdsa-sha2-nistp256', ecForm('P-256', ecPrefix('nistp256', 65))],
  ['ecdsa-sha2-nistp384', ecForm('P-384', ecPrefix('nistp384', 97))],
  ['ecdsa-sha2-nistp521', ecForm('P-521', ecPrefix('nistp521', 133))],
])

function ecPrefix(curve: string, pointBytes: number): Uint8Array {
  return joined(field(`ecdsa-sha2-${curve}`), field(curve), lengthOf(pointBytes), Uint8Array.of(4))
}

/** RFC 4251 §5, "string". */
function field(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text)
  return joined(lengthOf(bytes.length), bytes)
}

/** RFC 4251 §5, "uint32"; all lengths here are below 256. */
function lengthOf(bytes: number): Uint8Array {
  return Uint8Array.of(0, 0, 0, bytes)
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]))
}
