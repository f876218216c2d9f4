import type { Command } from 'commander'
import { rotateManagementKey } from '../../index.ts'
import { fileRotationStore } from '../../node/index.ts'
import type { Context } from '../context.ts'
import { keystoreToWrite } from '../keystore-to-write.ts'
import { rows } from '../key-text.ts'
import { progressNotes } from '../progress.ts'

/** `claviger device rotate`: another management key for this device. */
export function addDeviceRotateCommand(device: Command, context: Context): void {
  device
    .command('rotate')
    .description('give this device a new management key, and revoke its old one')
    .addHelpText(
      'after',
      '\nInterrupted, it may be run again: it goes on where it stopped, and loses nothing.',
    )
    .action(async () => {
      const { keystorePath: path, output } = context
      const keystore = await keystoreToWrite({}, context)
      // As the keystore itself: what is encrypted stays encrypted.
      const passphrase = keystore.isEncrypted ? keystore.passphrase : undefined
      const pending = fileRotationStore({ path, passphrase })
      const { vault, report } = await rotateManagementKey({
        keystore,
        pending,
        onProgress: progressNotes(output),
      })
      const { managementKeyId } = vault
      output.result(
        { managementKeyId, keystore: path, ...report },
        rows([
          ['New key', managementKeyId],
          ['Keystore', path],
          ['Keys copied', String(report.rewrapped)],
        ]),
      )
    })
}
