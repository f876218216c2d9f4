import { VaultError } from '../index.ts'
import { CliError } from './errors.ts'
import { readTextFile } from './text-file.ts'
import { askSecret, isInteractive } from './prompt.ts'

export interface PassphraseOptions {
  /** Its first line is the passphrase. Undefined: the person at the terminal is asked. */
  readonly file: string | undefined
  /** A passphrase that is chosen now is asked for twice. */
  readonly isNew: boolean
}

/**
 * Reads or asks for the keystore's passphrase.
 *
 * @throws {VaultError} KEYSTORE_LOCKED when there is nobody to ask.
 * @throws {CliError} USAGE, FILE_UNREADABLE, INTERRUPTED.
 */
export async function readPassphrase({ file, isNew }: PassphraseOptions): Promise<string> {
  if (file !== undefined) return notEmpty((await readTextFile(file)).split(/\r?\n/, 1).join(''))
  if (!isInteractive()) {
    throw new VaultError('KEYSTORE_LOCKED', {
      detail: 'Nobody is at a terminal to be asked: --passphrase-file is needed.',
    })
  }
  const passphrase = notEmpty(await askSecret(isNew ? 'New passphrase: ' : 'Passphrase: '))
  if (isNew && (await askSecret('Once more: ')) !== passphrase) {
    throw new CliError('USAGE', 'The two passphrases differ.', { hint: 'Nothing was done. Try again.' })
  }
  return passphrase
}

function notEmpty(passphrase: string): string {
  if (passphrase !== '') return passphrase
  throw new CliError('USAGE', 'A passphrase must not be empty.', { hint: 'Nothing was done. Try again.' })
}
