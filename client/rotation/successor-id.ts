const domain = 'claviger successor\n'

/**
 * The id of the key that supersedes another: a UUID of version 8 (RFC 9562 §5.8) from SHA-256 over the old id. Rotating a
 * key twice, or from two devices at once, gives the same successor.
 */
export async function successorId(id: string): Promise<string> {
  const text = new TextEncoder().encode(`${domain}${id.toLowerCase()}`)
  const digest = [...new Uint8Array(await crypto.subtle.digest('SHA-256', text)).subarray(0, 16)]
  const bytes = digest.map((byte, index) => {
    if (index === 6) return (byte & 0x0f) | 0x80
    return index === 8 ? (byte & 0x3f) | 0x80 : byte
  })
  const hex = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
