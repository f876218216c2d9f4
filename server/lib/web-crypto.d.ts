import type { webcrypto } from 'node:crypto'

// Node declares WebCrypto's classes as global values, not as global types; schema/wire uses the types.
declare global {
  type CryptoKey = webcrypto.CryptoKey
}
