import type { Command } from 'commander'
import type { ManagementKeyDescription } from '../../index.ts'
import type { Context } from '../context.ts'
import { CliError } from '../errors.ts'
import { rows } from '../key-text.ts'
import { askYes, isInteractive } from '../prompt.ts'
import { addDeviceAddCommand } from './device-add.ts'
import { addDeviceApproveCommand } from './device-approve.ts'
import { addDeviceRotateCommand } from './device-rotate.ts'

/** `claviger device …`: the management keys, one on each device. */
export function addDeviceCommands(program: Command, context: Context): void {
  const device = program
    .command('device')
    .description('add, list and revoke the devices that hold a key of yours')
  addDeviceAddCommand(device, context)
  addDeviceApproveCommand(device, context)
  addDeviceListCommand(device, context)
  addDeviceRevokeCommand(device, context)
  addDeviceRotateCommand(device, context)
}

function addDeviceListCommand(device: Command, context: Context): void {
  device
    .command('list')
    .description('list the devices, viewers and recovery keys of the account')
    .action(async () => {
      const vault = await context.openVault()
      const { managementKeys } = await vault.account()
      const devices = managementKeys.map((key) => ({ ...key, isThisOne: key.id === vault.managementKeyId }))
      context.output.result({ devices }, devices.map(deviceLines).join('\n\n').split('\n'))
    })
}

function deviceLines(key: ManagementKeyDescription & { readonly isThisOne: boolean }): string {
  return rows([
    ['Device', key.isThisOne ? `${key.id}  (this one)` : key.id],
    ['Label', key.label],
    ['Kind', key.kind],
    ['Trusted', key.isTrusted ? null : 'NO: nobody whom this device trusts has approved it'],
    ['Added', key.createdAt.toISOString()],
    ['Last used', key.lastUsedAt?.toISOString() ?? 'never'],
  ]).join('\n')
}

function addDeviceRevokeCommand(device: Command, context: Context): void {
  device
    .command('revoke')
    .argument('<id>', "the device's id, from `claviger device list`")
    .description(
      'revoke a device for good: it is refused from now on, and its copies of your keys are erased',
    )
    .option('--yes', 'do not ask')
    .action(async (id: string, { yes = false }: { readonly yes?: boolean }) => {
      const vault = await context.openVault()
      if (!yes) await confirmRevocation(id === vault.managementKeyId)
      await vault.revokeDevice(id)
      context.output.result({ revoked: id }, rows([['Revoked', id]]))
    })
}

async function confirmRevocation(isThisOne: boolean): Promise<void> {
  const which = isThisOne ? 'THIS device' : 'the device'
  if (isInteractive() && (await askYes(`Keys that only ${which} can open are lost.`))) return
  throw new CliError('NOT_CONFIRMED', 'Revoking a device cannot be undone, and was not confirmed.', {
    hint: 'Nothing was done. Where nobody can be asked, --yes confirms it.',
  })
}
