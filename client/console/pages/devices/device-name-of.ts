import type { ManagementKeyDescription } from '../../../index.ts'
import type { Translator } from '../../i18n/translate.ts'
import { devicesMessages } from './devices.messages.ts'

/** The name of a device. A recovery key's label is for the SDK: it binds the phrase to the account. */
export function deviceNameOf({ kind, label }: ManagementKeyDescription, t: Translator['t']): string {
  return kind === 'RECOVERY' ? t(devicesMessages.recovery) : label
}
