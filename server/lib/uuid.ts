import { hash } from 'node:crypto'

/** A UUID of version 8 (RFC 9562 §5.8) made from the SHA-256 of a string. */
export function uuidOf(text: string): string {
  const hex = hash('sha256', text, 'hex')
  // The variant is the two bits 10 before what is left of its digit.
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 3) | 8).toString(16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
