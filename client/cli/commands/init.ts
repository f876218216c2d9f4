import type { Command } from 'commander'
import { existsSync } from 'node:fs'
import { createVault, type Keystore } from '../../index.ts'
import { fileKeystore } from '../../node/index.ts'
import { readable, urlDefault, type Context } from '../context.ts'
import { rows } from '../key-text.ts'
import { readPassphrase } from '../passphrase.ts'
import { readTextFile } from '../text-file.ts'

interface InitFlags {
  readonly owner: string
  readonly label?: string
  readonly passphrase?: boolean
}

/** `claviger init`: makes the management key, and opens the account. */
export function addInitCommand(program: Command, context: Context): void {
  program
    .command('init')
    .description('make a management key on this device, and open an account with it')
    .requiredOption('--owner <name>', "the account's name, by which application servers know you")
    .option('--label <label>', 'what to call this management key, e.g. Laptop')
    .option('--passphrase', 'encrypt the keystore: asks for a passphrase, twice')
    .addHelpText(
      'after',
      `
Interrupted or refused, it may be run again: it goes on where it stopped. A management key is never overwritten.

Examples:
  $ claviger init --owner alice --label Laptop
  $ claviger init --owner alice --url https://keys.example --passphrase`,
    )
    .action(async (flags: InitFlags) => {
      const { owner, label } = flags
      const { keystorePath, output, url = urlDefault } = context
      const keystore = await keystoreFor(flags, context)
      const vault = await createVault({ url, owner, label, keystore })
      output.result(
        { owner, url: vault.url, managementKeyId: vault.managementKeyId, keystore: keystorePath },
        rows([
          ['Account', owner],
          ['Key server', vault.url],
          ['Keystore', keystorePath],
          ['Fingerprint', vault.managementKeyId],
        ]),
      )
      output.note('Keep a copy of the keystore in a safe place: nothing else opens your keys.')
    })
}

/**
 * The keystore to write. With a passphrase when one was asked for, and when the file that is there has one: what is
 * plain is not encrypted unasked, and the other way round.
 */
async function keystoreFor({ passphrase = false }: InitFlags, context: Context): Promise<Keystore> {
  const { keystorePath: path, passphraseFile: file } = context
  const isNew = !existsSync(path)
  const hasPassphrase = passphrase || file !== undefined || (!isNew && (await isEncrypted(path)))
  const ask = () => readPassphrase({ file, isNew })
  return readable(fileKeystore({ path, passphrase: hasPassphrase ? ask : undefined }))
}

/** A keystore is JSON, or a JWE around it. Of one that can not be read, the keystore itself tells why. */
async function isEncrypted(path: string): Promise<boolean> {
  const text = await readTextFile(path).catch(() => '{')
  return !text.trimStart().startsWith('{')
}
