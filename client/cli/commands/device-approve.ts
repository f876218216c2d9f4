import type { Command } from 'commander'
import type { Pairing } from '../../index.ts'
import type { Context } from '../context.ts'
import { CliError } from '../errors.ts'
import { rows } from '../key-text.ts'
import { progressNotes, skippedLines } from '../progress.ts'
import { askYes, isInteractive } from '../prompt.ts'

/** `claviger device approve`: on a device that is the owner's already. */
export function addDeviceApproveCommand(device: Command, context: Context): void {
  device
    .command('approve')
    .argument('<code>', 'what `claviger device add` shows on the new device')
    .description(
      'approve a new device: it gets a copy of every key that this one can open, a viewer gets none and only reads',
    )
    .option('--words <words>', 'the six words that the new device shows, instead of being asked about them')
    .action(async (code: string, { words }: { readonly words?: string }) => {
      const { output } = context
      const vault = await context.openVault()
      const pairing = await vault.lookUpPairing(code)
      await confirm(pairing, { words, context })
      const report = await vault.approveDevice(pairing, { onProgress: progressNotes(output) })
      const { label, kind, managementKeyId } = pairing
      output.result({ ...report, label, kind }, [
        ...rows([
          ['Approved', managementKeyId],
          ['Label', label],
          ['Kind', kind],
          ['Keys copied', String(report.rewrapped)],
        ]),
        ...skippedLines(report.skipped),
      ])
    })
}

async function confirm(
  { label, kind, managementKeyId, words: expected }: Pairing,
  { words, context }: { readonly words: string | undefined; readonly context: Context },
): Promise<void> {
  const shown = expected.join(' ')
  if (words !== undefined) {
    if (
      words
        .trim()
        .toLowerCase()
        .split(/[\s,-]+/)
        .join(' ') === shown
    )
      return
    throw new CliError('NOT_CONFIRMED', 'These are not the words of the device that shows this code.', {
      hint: 'Nothing was done. Do not approve it: somebody may have put another code in its place.',
    })
  }
  context.output.note(
    rows([
      ['Device', managementKeyId],
      ['Label', label],
      ['Kind', kind === 'VIEWER' ? 'VIEWER: it will only read' : kind],
      ['Words', shown],
    ]).join('\n'),
  )
  if (isInteractive() && (await askYes('Does the new device show exactly these six words?'))) return
  throw new CliError('NOT_CONFIRMED', 'The device was not approved.', {
    hint: 'Nothing was done. Where nobody can be asked, --words gives the six words that the new device shows.',
  })
}
