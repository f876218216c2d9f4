/** What the client SDK can do only in Node. */
export { fileKeystore, type FileKeystoreOptions } from './file-keystore.ts'
