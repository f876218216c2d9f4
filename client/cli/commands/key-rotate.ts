import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { keyLines } from '../key-text.ts'
import { parseCount, parseDurations, parseInstant, parserOf } from '../options.ts'
import { overusePolicies, type OverusePolicy } from '../../../schema/wire/enums.ts'

interface RotateFlags {
  readonly label?: string
  readonly expires?: Date
  readonly notice?: readonly number[]
  readonly maxUses?: number
  readonly onOveruse?: OverusePolicy
}

/** `claviger key rotate`. */
export function addKeyRotateCommand(key: Command, context: Context): void {
  key
    .command('rotate')
    .argument('<id>', "the key's id")
    .description('make a successor for the same application server, and revoke the key as superseded')
    .option('--label <label>', "what to call the successor (default: the key's label)")
    .option(
      '--expires <when>',
      "end of the successor's term: 2027-01-01T00:00:00Z, or from now on 30d, 12h (default: a term as long as the key's)",
      (text) => parseInstant(text),
    )
    .option('--notice <durations>', 'how long before the end to be alerted, e.g. 7d,1d', parseDurations)
    .option('--max-uses <n>', "how many uses it is for (default: as many as the key's)", parseCount)
    .option(
      '--on-overuse <notify|refuse>',
      "beyond that, alert only, or refuse too (default: the key's)",
      parserOf(overusePolicies),
    )
    .addHelpText(
      'after',
      `
The successor has the key's algorithm. Interrupted, it may be run again: there is one successor. A revoked key is no
longer given out: open what it has encrypted before.

Example:
  $ claviger key rotate ID --expires 90d`,
    )
    .action(async (id: string, flags: RotateFlags) => {
      const { label, expires, notice, maxUses, onOveruse } = flags
      const vault = await context.openVault()
      const successor = await vault.rotateKey(id, {
        label,
        expiresAt: expires,
        expiryNotices: notice,
        maxUses,
        overusePolicy: onOveruse,
      })
      context.output.result(successor, keyLines(successor))
    })
}
