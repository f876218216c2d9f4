import { VaultError } from '../index.ts'
import { CliError } from './errors.ts'
import { readTextFile } from './text-file.ts'
import { askSecret, isInteractive } from './prompt.ts'
import { hasCode, withTries } from './tries.ts'

export interface PassphraseOptions {
  /** Its first line is the passphrase. Undefined: the person at the terminal is asked. */
  readonly file: string | undefined
  /** A passphrase that is chosen now is asked for twice. */
  readonly isNew: boolean
  /** The option that names the file. */
  readonly option: '--passphrase-file' | '--backup-passphrase-file'
}

/**
 * Reads or asks for the keystore's passphrase.
 *
 * @throws {VaultError} KEYSTORE_LOCKED when there is nobody to ask.
 * @throws {CliError} USAGE, FILE_UNREADABLE, INTERRUPTED.
 */
export async function readPassphrase({ file, isNew, option }: PassphraseOptions): Promise<string> {
  if (file !== undefined) {
    const passphrase = notEmpty((await readTextFile(file)).split(/\r?\n/, 1).join(''))
    return isNew ? strongEnough(passphrase) : passphrase
  }
  if (!isInteractive()) {
    throw new VaultError('KEYSTORE_LOCKED', {
      detail: `Nobody is at a terminal to be asked: ${option} is needed.`,
    })
  }
  return withTries(isNew ? chooseSecret : async () => notEmpty(await askSecret('Passphrase: ')), {
    isAsked: true,
    isWrong: hasCode('USAGE'),
  })
}

async function chooseSecret(): Promise<string> {
  const passphrase = strongEnough(notEmpty(await askSecret('New passphrase: ')))
  if ((await askSecret('Once more: ')) === passphrase) return passphrase
  throw new CliError('USAGE', 'The two passphrases differ.', { hint: 'Nothing was done. Try again.' })
}

/** Whoever has the file can try passphrases for as long as they like. */
const charactersMin = 12

function strongEnough(passphrase: string): string {
  if (passphrase.length >= charactersMin && new Set(passphrase).size >= 5) return passphrase
  throw new CliError(
    'USAGE',
    `A passphrase has ${charactersMin} characters or more, and not always the same ones.`,
    {
      hint: 'Nothing was done. Several words that have nothing to do with each other are a good one.',
    },
  )
}

function notEmpty(passphrase: string): string {
  if (passphrase !== '') return passphrase
  throw new CliError('USAGE', 'A passphrase must not be empty.', { hint: 'Nothing was done. Try again.' })
}
