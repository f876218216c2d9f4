import type { Command } from 'commander'
import { homedir, userInfo } from 'node:os'
import { join, resolve } from 'node:path'
import { openVault, type Keystore, type Vault } from '../index.ts'
import { askingKeystore } from './asking-keystore.ts'
import { CliError } from './errors.ts'
import { exitCodes, type ExitCode } from './exit-codes.ts'
import type { Output } from './output.ts'

/** The options that every command has. */
interface GlobalFlags {
  readonly url?: string
  readonly keystore?: string
  readonly passphraseFile?: string
}

/** The surroundings that commands work with. The global options are known when a command runs, and not before. */
export interface Context {
  readonly output: Output
  /** The exit code of the process when the command does not fail. */
  exitCode: ExitCode
  /** An absolute path. */
  readonly keystorePath: string
  readonly passphraseFile: string | undefined
  /** As given; undefined when it was not. */
  readonly url: string | undefined
  /** The key server that was or would be spoken to. */
  readonly urlContacted: string
  /** The keystore at `keystorePath`. The passphrase is asked for when it turns out to be encrypted. */
  keystore(): Keystore
  /** @throws {VaultError | CliError} KEYSTORE_…. */
  openVault(): Promise<Vault>
  /** From now on Ctrl-C and SIGTERM abort this signal, once, instead of ending the process. */
  readonly untilInterrupted: () => AbortSignal
}

/** Where a key server is that nothing else is said about: `claviger serve` on this machine. */
export const urlDefault = 'http://localhost:4000'

export function createContext(
  program: Command,
  { output, untilInterrupted }: Pick<Context, 'output' | 'untilInterrupted'>,
): Context {
  let urlOpened: string | undefined
  const flags = () => program.opts<GlobalFlags>()
  return {
    output,
    exitCode: exitCodes.ok,
    get keystorePath() {
      return resolve(given(flags().keystore) ?? keystorePathDefault())
    },
    get passphraseFile() {
      return flags().passphraseFile
    },
    get url() {
      return given(flags().url)
    },
    keystore() {
      return askingKeystore({ path: this.keystorePath, file: this.passphraseFile, isNew: false })
    },
    get urlContacted() {
      return urlOpened ?? this.url ?? urlDefault
    },
    async openVault() {
      const vault = await openVault({ keystore: this.keystore(), url: this.url })
      urlOpened = vault.url
      return vault
    },
    untilInterrupted,
  }
}

/** XDG base directories; on Windows the roaming profile. */
function keystorePathDefault(): string {
  const configured = given(
    process.platform === 'win32' ? process.env['APPDATA'] : process.env['XDG_CONFIG_HOME'],
  )
  return join(configured ?? join(homeDirectory(), '.config'), 'claviger', 'key.json')
}

/** Where HOME is set to nothing, the user's own: a keystore in the current directory would be lost sight of. */
function homeDirectory(): string {
  try {
    const home = homedir() || userInfo().homedir
    if (home !== '') return home
  } catch {
    // A user without an entry in /etc/passwd, in a container as a rule.
  }
  throw new CliError('USAGE', 'This user has no home directory for a keystore.', {
    hint: 'Name its file with --keystore, or in CLAVIGER_KEYSTORE.',
  })
}

/** An environment variable that is set to nothing is not set. */
function given(text: string | undefined): string | undefined {
  return text === '' ? undefined : text
}
