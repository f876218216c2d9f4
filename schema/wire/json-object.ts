/**
 * Reads a JSON object in its one canonical serialisation: UTF-8 without a byte order mark, as JSON.stringify writes it.
 * White space, a member given twice, and another spelling of a number or character would say the same in other bytes, and
 * in as many as one likes.
 *
 * @returns null for anything else; the parser's own words would quote the input
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
