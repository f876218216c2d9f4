import type { Command } from 'commander'
import type { KeyChanges } from '../../index.ts'
import type { Context } from '../context.ts'
import { CliError } from '../errors.ts'
import { keyLines } from '../key-text.ts'
import { parseCount, parseDurations, parseInstant, parserOf } from '../options.ts'
import { overusePolicies, type OverusePolicy } from '../../../schema/wire/enums.ts'

/** False where the option's `--no-…` was given. */
interface UpdateFlags {
  readonly label?: string | false
  readonly expires?: Date | false
  readonly allowExpired?: boolean
  readonly notice?: readonly number[]
  readonly maxUses?: number | false
  readonly onOveruse?: OverusePolicy
}

/** `claviger key update`. */
export function addKeyUpdateCommand(key: Command, context: Context): void {
  key
    .command('update')
    .argument('<id>', "the key's id")
    .description('change the label, the term or the limits of a key; what is not given stays')
    .option('--label <label>', 'what to call it')
    .option('--no-label', 'remove the label')
    .option(
      '--expires <when>',
      'new end of its term: 2027-01-01T00:00:00Z, or from now on 30d, 12h',
      (text) => parseInstant(text),
    )
    .option('--allow-expired', 'take an end in the past')
    .option('--no-expires', 'its term shall not end')
    .option('--notice <durations>', 'how long before the end to be alerted, e.g. 7d,1d', parseDurations)
    .option('--max-uses <n>', 'how many uses it is for, counted from the first', parseCount)
    .option('--no-max-uses', 'any number of uses')
    .option(
      '--on-overuse <notify|refuse>',
      'beyond that, alert only, or refuse too',
      parserOf(overusePolicies),
    )
    .addHelpText(
      'after',
      `
Example:
  $ claviger key update ID --expires 90d --no-max-uses`,
    )
    .action(async (id: string, flags: UpdateFlags) => {
      if (Object.keys(flags).length === 0) throw new CliError('USAGE', 'There is nothing to change.')
      const vault = await context.openVault()
      const updated = await vault.updateKey(id, { ...changesOf(flags), allowExpired: flags.allowExpired })
      context.output.result(updated, keyLines(updated))
    })
}

function changesOf({ label, expires, notice, maxUses, onOveruse }: UpdateFlags): KeyChanges {
  return {
    label: nullForFalse(label),
    expiresAt: nullForFalse(expires),
    expiryNotices: notice,
    maxUses: nullForFalse(maxUses),
    overusePolicy: onOveruse,
  }
}

function nullForFalse<T>(value: T | false): T | null {
  return value === false ? null : value
}
