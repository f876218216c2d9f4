const rotate = (value: number, bits: number) => (value << bits) | (value >>> (32 - bits))

/**
 * PostgreSQL's hash of a UUID (`uuid_hash`), by which Citus chooses its shard: the function of Bob Jenkins (lookup3,
 * 2006) over its 16 bytes, as a little-endian machine computes it: a signed 32-bit integer.
 */
export function uuidHash(uuid: string): number {
  const bytes = Buffer.from(uuid.replaceAll('-', ''), 'hex')
  const word = (index: number) => bytes.readInt32LE(4 * index)
  const start = (0x9e3779b9 + 16 + 3923095) | 0
  let a = (start + word(0)) | 0
  let b = (start + word(1)) | 0
  let c = (start + word(2)) | 0
  // mix
  a = ((a - c) | 0) ^ rotate(c, 4)
  c = (c + b) | 0
  b = ((b - a) | 0) ^ rotate(a, 6)
  a = (a + c) | 0
  c = ((c - b) | 0) ^ rotate(b, 8)
  b = (b + a) | 0
  a = ((a - c) | 0) ^ rotate(c, 16)
  c = (c + b) | 0
  b = ((b - a) | 0) ^ rotate(a, 19)
  a = (a + c) | 0
  c = ((c - b) | 0) ^ rotate(b, 4)
  b = (b + a) | 0
  // final
  a = (a + word(3)) | 0
  c = ((c ^ b) - rotate(b, 14)) | 0
  a = ((a ^ c) - rotate(c, 11)) | 0
  b = ((b ^ a) - rotate(a, 25)) | 0
  c = ((c ^ b) - rotate(b, 16)) | 0
  a = ((a ^ c) - rotate(c, 4)) | 0
  b = ((b ^ a) - rotate(a, 14)) | 0
  c = ((c ^ b) - rotate(b, 24)) | 0
  return c
}
