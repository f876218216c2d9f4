import type { Account } from '../index.ts'
import type { Output } from './output.ts'

/** One line for whoever would lose everything with this device. `CLAVIGER_NO_RECOVERY_WARNING=1` silences it. */
export function warnWithoutRecovery({ managementKeys }: Account, output: Pick<Output, 'note'>): void {
  const isSilenced = (process.env['CLAVIGER_NO_RECOVERY_WARNING'] ?? '') !== ''
  const hasRecovery = managementKeys.some(({ kind, isTrusted }) => kind === 'RECOVERY' && isTrusted)
  if (isSilenced || hasRecovery) return
  output.note(
    'Without a recovery phrase your keys are lost with your devices: `claviger recovery create` makes one.',
  )
}
