import { wordlist } from '@scure/bip39/wordlists/english.js'
import { decodeBase64url } from '../../schema/wire/base64url.ts'

const wordCount = 6
const bitsPerWord = 11

/**
 * Six words of the BIP-39 list: 66 bits of SHA-256 over the new key's thumbprint, the pairing's secret and the owner's name.
 * They are equal on both devices when these agree on the key and the account.
 */
export async function fingerprintWords({
  managementKeyId,
  secret,
  owner,
}: {
  readonly managementKeyId: string
  readonly secret: Uint8Array
  readonly owner: string
}): Promise<string[]> {
  // The first two have fixed lengths, so that the concatenation is unambiguous.
  const parts = [decodeBase64url(managementKeyId) ?? [], secret, new TextEncoder().encode(owner)]
  const input = Uint8Array.from(parts.flatMap((part) => [...part]))
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', input))
  const bits = [...digest].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  return Array.from({ length: wordCount }, (_, index) => {
    const start = index * bitsPerWord
    return wordlist[Number.parseInt(bits.slice(start, start + bitsPerWord), 2)] ?? ''
  })
}
