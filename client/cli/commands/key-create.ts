import type { Command } from 'commander'
import type { TransactionKeyAlgorithm } from '../../index.ts'
import type { Context } from '../context.ts'
import { keyLines } from '../key-text.ts'
import { warnWithoutRecovery } from '../recovery-warning.ts'
import { parseCount, parseDurations, parseInstant, parserOf } from '../options.ts'
import { overusePolicies, type OverusePolicy } from '../../../schema/wire/enums.ts'

interface CreateFlags {
  readonly algorithm?: TransactionKeyAlgorithm
  readonly label?: string
  readonly expires?: Date
  readonly allowExpired?: boolean
  readonly notBefore?: Date
  readonly notice?: readonly number[]
  readonly maxUses?: number
  readonly onOveruse?: OverusePolicy
}

const algorithms: readonly TransactionKeyAlgorithm[] = ['Ed25519', 'P-256', 'X25519', 'A256GCM']

/** `claviger key create`. */
export function addKeyCreateCommand(key: Command, context: Context): void {
  key
    .command('create')
    .argument('<application-server>', 'what the key is for, e.g. https://shop.example')
    .description('make a key, wrap it on this device, and store it')
    .option(
      '--algorithm <name>',
      'Ed25519 and P-256 sign, X25519 agrees on secrets, A256GCM encrypts (default: Ed25519)',
      parserOf(algorithms),
    )
    .option('--label <label>', 'what to call it')
    .option('--expires <when>', 'end of its term: 2027-01-01T00:00:00Z, or from now on 30d, 12h', (text) =>
      parseInstant(text),
    )
    .option('--allow-expired', 'take an end in the past: for keys that only open old data')
    .option('--not-before <when>', 'beginning of its term', (text) => parseInstant(text))
    .option(
      '--notice <durations>',
      'how long before the end to be alerted, e.g. 7d,1d (default: 30d,7d,1d)',
      parseDurations,
    )
    .option('--max-uses <n>', 'how many uses it is for', parseCount)
    .option(
      '--on-overuse <notify|refuse>',
      'beyond that, alert only, or refuse too (default: notify)',
      parserOf(overusePolicies),
    )
    .addHelpText(
      'after',
      `
Examples:
  $ claviger key create https://shop.example --expires 90d --notice 7d,1d
  $ claviger key create https://vault.example --algorithm A256GCM --max-uses 100 --on-overuse refuse`,
    )
    .action(async (applicationServer: string, flags: CreateFlags) => {
      const { algorithm, label, expires, allowExpired, notBefore, notice, maxUses, onOveruse } = flags
      const vault = await context.openVault()
      const created = await vault.createKey(applicationServer, {
        algorithm,
        label,
        notBefore,
        expiresAt: expires,
        allowExpired,
        expiryNotices: notice,
        maxUses,
        overusePolicy: onOveruse,
      })
      context.output.result(created, keyLines(created))
      if (!context.output.isJson) warnWithoutRecovery(await vault.account(), context.output)
    })
}
