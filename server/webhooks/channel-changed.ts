import type { Channel, Webhook } from '../../schema/graphql/domain.ts'
import type { ChannelChange, ChannelKind } from '../../schema/wire/enums.ts'
import { raiseAlert } from '../alerts/raise.ts'
import type { Executor } from '../database/connect.ts'

/** Raises the alert about a change of a channel or webhook. It goes to all that are there when the transaction commits. */
export async function raiseChannelChanged(
  signed: {
    readonly tx: Executor
    readonly accountId: string
    /** The management key that signed the request; absent when none did. */
    readonly managementKeyId?: string
  },
  /** `kind` is null for a webhook. */
  { id, kind }: { readonly id: string; readonly kind: ChannelKind | null },
  change: ChannelChange,
): Promise<void> {
  await raiseAlert(signed, {
    kind: 'CHANNEL_CHANGED',
    managementKeyId: signed.managementKeyId ?? null,
    details: { channelId: id, channelKind: kind, change },
  })
}

/** Whether a change alters which alerts are sent to a channel or webhook, so that the owner is alerted. */
export function sendsOtherAlerts(
  before: Pick<Channel | Webhook, 'kinds' | 'disabledAt'>,
  after: Pick<Channel | Webhook, 'kinds' | 'disabledAt'>,
): boolean {
  const kindsOf = ({ kinds }: Pick<Channel | Webhook, 'kinds'>) => kinds && [...kinds].sort().join()
  return kindsOf(before) !== kindsOf(after) || (before.disabledAt === null) !== (after.disabledAt === null)
}
