/** The parts of the client SDK that need Node. */
export { ClavigerError } from '../../schema/wire/claviger-error.ts'
export type { WebCryptoKey, WebCryptoKeyPair } from '../../schema/wire/keys/web-crypto-key.ts'
export type { CursorStore } from '../alerts/cursor-store.ts'
export { VaultError, type VaultErrorCode } from '../errors.ts'
export type { Keystore, ManagementKeyRecord } from '../keystore/keystore.ts'
export type {
  SeenAuditHead,
  SeenManagementKey,
  SeenTransactionKey,
  TrustStore,
  TrustState,
} from '../keystore/trust-store.ts'
export type { RotationStore } from '../rotation/rotation-store.ts'
export { fileCursorStore } from './file-cursor-store.ts'
export { fileKeystore, type FileKeystoreOptions } from './file-keystore.ts'
export { fileRotationStore } from './file-rotation-store.ts'
