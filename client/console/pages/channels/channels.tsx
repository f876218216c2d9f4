import type { Channel, Vault } from '../../../index.ts'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import { kindsLine } from '../../receivers/kinds-field.tsx'
import { ReceiversPage } from '../../receivers/receivers-page.tsx'
import { RemoveButton } from '../../receivers/remove-button.tsx'
import { useSession } from '../../session/session-context.tsx'
import { Badge } from '../../ui/display.tsx'
import { Item } from '../../ui/item-list.tsx'
import { showToast } from '../../ui/toasts.tsx'
import { useAction } from '../../ui/use-action.ts'
import { useNow } from '../../ui/use-now.ts'
import { AddChannel } from './add-channel.tsx'
import { channelNames } from './channel-names.ts'
import { channelsMessages as m } from './channels.messages.ts'

export function Channels() {
  const { t } = useTranslator()
  const { channels } = useSession()
  return (
    <ReceiversPage
      resource={channels}
      icon="mail"
      texts={{
        title: t(m.title),
        add: t(m.add),
        emptyTitle: t(m.emptyTitle),
        emptyText: t(m.emptyText),
      }}
      item={(channel, owner) => <ChannelItem key={channel.id} channel={channel} owner={owner} />}
      adding={(owner, close) => (
        <AddChannel
          owner={owner}
          onAdded={({ isConfirmed }) => {
            close()
            if (!isConfirmed) showToast({ tone: 'warn', title: t(m.addedTitle), text: t(m.addedText) })
          }}
        />
      )}
    />
  )
}

function ChannelItem({ channel, owner }: { readonly channel: Channel; readonly owner: Vault | null }) {
  const translator = useTranslator()
  const { t, relative } = translator
  const { channels } = useSession()
  const now = useNow()
  const remove = useAction(async () => {
    await owner?.removeChannel(channel.id)
    await channels.reload()
  })
  const { kind, isConfirmed, failingSince, failure, disabledAt, lastDeliveredAt } = channel
  const target = channel.target ?? t(m.unknownTarget)
  const isWell = failingSince === null && disabledAt === null
  return (
    <Item
      icon="mail"
      title={`${channelNames.get(kind) ?? kind}: ${target}`}
      badges={
        <>
          <Badge tone={isWell ? 'ok' : 'bad'}>
            {t(isWell ? m.ok : disabledAt === null ? m.failing : m.disabled)}
          </Badge>
          {!isConfirmed && <Badge tone="warn">{t(m.unconfirmed)}</Badge>}
        </>
      }
      lines={[
        kindsLine(channel.kinds, translator),
        failingSince !== null &&
          t(m.failingSince, { when: relative(failingSince, now), failure: failure ?? '' }),
        lastDeliveredAt === null
          ? t(m.deliveredNever)
          : t(m.delivered, { when: relative(lastDeliveredAt, now) }),
      ]}
      actions={
        owner !== null && (
          <RemoveButton
            action={remove}
            label={t(m.remove)}
            confirm={t(m.removeConfirm)}
            warning={t(m.removeText, { target })}
          />
        )
      }
    />
  )
}
