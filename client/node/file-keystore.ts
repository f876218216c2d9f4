import type { Keystore } from '../keystore/keystore.ts'

export interface FileKeystoreOptions {
  /** The file. Its directory is made, readable by its owner alone, when it does not exist. */
  readonly path: string
  /** Encrypts the file. Asked for once, when it is first needed. Default: the file is plain JSON of mode 0600. */
  readonly passphrase?: string | (() => Promise<string>) | undefined
}

/** A keystore in one file. */
export function fileKeystore(options: FileKeystoreOptions): Keystore {
  throw new TypeError(options.path)
}
