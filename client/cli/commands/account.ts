import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { rows } from '../key-text.ts'
import { warnWithoutRecovery } from '../recovery-warning.ts'

/** `claviger whoami`: the account, and its management keys. */
export function addAccountCommand(program: Command, context: Context): void {
  program
    .command('whoami')
    .alias('account')
    .description('show the account and its management keys')
    .action(async () => {
      const vault = await context.openVault()
      const account = await vault.account()
      const { url, managementKeyId } = vault
      context.output.result({ ...account, url, managementKeyId, keystore: context.keystorePath }, [
        ...rows([
          ['Account', account.name],
          ['Opened', account.createdAt.toISOString()],
          ['Key server', url],
          ['Keystore', context.keystorePath],
        ]),
        ...account.managementKeys.flatMap((key) => [
          '',
          ...rows([
            ['Management key', key.id === managementKeyId ? `${key.id}  (this one)` : key.id],
            ['Label', key.label],
            ['Kind', key.kind],
            ['Last used', key.lastUsedAt?.toISOString() ?? 'never'],
          ]),
        ]),
      ])
      warnWithoutRecovery(account, context.output)
    })
}
