import type { Command } from 'commander'
import { hostname } from 'node:os'
import { createVault } from '../../index.ts'
import { urlDefault, type Context } from '../context.ts'
import { rows } from '../key-text.ts'
import { keystoreToWrite } from '../keystore-to-write.ts'

interface InitFlags {
  readonly owner: string
  readonly label?: string
  readonly invitation?: string
  readonly passphrase?: boolean
}

/** `claviger init`: makes the management key, and opens the account. */
export function addInitCommand(program: Command, context: Context): void {
  program
    .command('init')
    .description('make a management key on this device, and open an account with it')
    .requiredOption('--owner <name>', "the account's name, by which application servers know you")
    .option('--label <label>', 'what to call this management key (default: the host name)')
    .option(
      '--invitation <invitation>',
      'what the operator of the key server gave you, where it asks for one',
    )
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
      const { owner, label = hostname(), invitation } = flags
      const { keystorePath, output, url = urlDefault } = context
      const keystore = await keystoreToWrite(flags, context)
      const vault = await createVault({ url, owner, label, invitation, keystore })
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
