import type { webcrypto } from 'node:crypto'

// Node has WebCrypto's classes as global values and not as global types; the wire protocol is written with the latter.
declare global {
  type CryptoKey = webcrypto.CryptoKey
}
