import type { Command } from 'commander'
import { hostname } from 'node:os'
import { requestPairing } from '../../index.ts'
import { urlDefault, type Context } from '../context.ts'
import { CliError } from '../errors.ts'
import { keystoreToWrite } from '../keystore-to-write.ts'
import { rows } from '../key-text.ts'

interface AddFlags {
  readonly owner: string
  readonly label?: string
  readonly passphrase?: boolean
  readonly viewer?: boolean
}

/** `claviger device add`: on the new device. */
export function addDeviceAddCommand(device: Command, context: Context): void {
  device
    .command('add')
    .description('make this device one of yours: shows a code, and waits until another device approves it')
    .requiredOption('--owner <name>', "the account's name")
    .option('--label <label>', 'what to call this device (default: the host name)')
    .option('--viewer', 'it only reads, follows alerts and acknowledges them: no key is wrapped for it')
    .option('--passphrase', 'encrypt the keystore: asks for a passphrase, twice')
    .addHelpText(
      'after',
      `
Carry the code to the other device yourself, and compare the six words: whoever approves another code gives your keys away.

Example:
  $ claviger device add --owner alice --label Phone`,
    )
    .action(async (flags: AddFlags) => {
      const { owner, label = hostname(), viewer: isViewer = false } = flags
      const { keystorePath, output, url = urlDefault } = context
      const keystore = await keystoreToWrite(flags, context)
      const request = await requestPairing({
        url,
        owner,
        label,
        keystore,
        kind: isViewer ? 'VIEWER' : 'DEVICE',
      })
      const { code, qr, words, expiresAt } = request
      if (output.isJson) output.item({ code, words, expiresAt }, '')
      output.note(
        `${qr}\n\nOn a device that is yours already:\n  $ claviger device approve ${code}\n\nIt must show these words: ${words.join(' ')}\n\nWaiting until ${expiresAt.toISOString()} …`,
      )
      const vault = await request.approved({ signal: interrupted(context.untilInterrupted()) })
      const facts = { owner, url: vault.url, managementKeyId: vault.managementKeyId, keystore: keystorePath }
      const lines = rows([
        ['Account', owner],
        ['Key server', vault.url],
        ['Keystore', keystorePath],
        ['Fingerprint', vault.managementKeyId],
      ])
      if (output.isJson) output.item(facts, '')
      else output.result(facts, lines)
    })
}

/** Aborts with words for whoever pressed Ctrl-C. */
function interrupted(signal: AbortSignal): AbortSignal {
  const stopped = new AbortController()
  const stop = () => {
    stopped.abort(
      new CliError('INTERRUPTED', 'The device was not added.', {
        hint: 'Run the same command again for a new code.',
      }),
    )
  }
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop, { once: true })
  return stopped.signal
}
