import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { keyLines } from '../key-text.ts'

/** `claviger key prove`. */
export function addKeyProveCommand(key: Command, context: Context): void {
  key
    .command('prove')
    .argument('<id>', "the key's id")
    .description(
      'have a signing key that was stored without it prove that its holder stored it; this counts as one use',
    )
    .action(async (id: string) => {
      const vault = await context.openVault()
      const proved = await vault.provePossession(id)
      context.output.result(proved, keyLines(proved))
    })
}
