/** The parts of the client SDK that need Node. */
export { fileCursorStore } from './file-cursor-store.ts'
export { fileKeystore, type FileKeystoreOptions } from './file-keystore.ts'
export { fileRotationStore } from './file-rotation-store.ts'
