/**
 * Parses a JSON object in canonical form: UTF-8 without a byte order mark, as JSON.stringify writes it. White space,
 * duplicate members, and other spellings of numbers or characters would give the same value in other bytes.
 *
 * @returns null for anything else; the parser's message would quote the input
 */
export function parseCanonicalJsonObject(bytes: Uint8Array): Record<string, unknown> | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    const value: unknown = JSON.parse(text)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject && JSON.stringify(value) === text ? { ...value } : null
  } catch {
    return null
  }
}
