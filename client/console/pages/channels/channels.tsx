import { useState } from 'react'
import type { Channel, Vault } from '../../../index.ts'
import { useResource } from '../../data/resource.ts'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import { useSession } from '../../session/session-context.tsx'
import { Button } from '../../ui/button.tsx'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Badge, EmptyState, Notice } from '../../ui/display.tsx'
import { Failure } from '../../ui/failure.tsx'
import { Item, ItemList } from '../../ui/item-list.tsx'
import { Loading } from '../../ui/loading.tsx'
import { Page } from '../../ui/page.tsx'
import { showToast } from '../../ui/toasts.tsx'
import { useAction } from '../../ui/use-action.ts'
import { useNow } from '../../ui/use-now.ts'
import { AddChannel } from './add-channel.tsx'
import { channelNames } from './channel-names.ts'
import { channelsMessages as m } from './channels.messages.ts'

export function Channels() {
  const { t } = useTranslator()
  const { channels, owner } = useSession()
  const { data, error } = useResource(channels)
  const [isAdding, setAdding] = useState(false)
  const add = owner !== null && (
    <Button
      kind="primary"
      icon="plus"
      onPress={() => {
        setAdding(true)
      }}
    >
      {t(m.add)}
    </Button>
  )
  return (
    <Page title={t(m.title)} actions={data !== undefined && data.length > 0 && add}>
      {error !== null && <Failure error={error} onRetry={() => void channels.reload()} />}
      {data === undefined && error === null && <Loading />}
      {data?.length === 0 && (
        <EmptyState icon="bell" title={t(m.emptyTitle)} actions={add}>
          {t(m.emptyText)}
        </EmptyState>
      )}
      <ItemList label={t(m.title)}>
        {data?.map((channel) => (
          <ChannelItem key={channel.id} channel={channel} owner={owner} />
        ))}
      </ItemList>
      {owner !== null && (
        <Dialog
          title={t(m.add)}
          isOpen={isAdding}
          onClose={() => {
            setAdding(false)
          }}
        >
          <AddChannel
            owner={owner}
            onAdded={({ isConfirmed }) => {
              setAdding(false)
              if (!isConfirmed) showToast({ tone: 'warn', title: t(m.addedTitle), text: t(m.addedText) })
            }}
          />
        </Dialog>
      )}
    </Page>
  )
}

function ChannelItem({ channel, owner }: { readonly channel: Channel; readonly owner: Vault | null }) {
  const { t, relative } = useTranslator()
  const { channels } = useSession()
  const now = useNow()
  const [isRemoving, setRemoving] = useState(false)
  const remove = useAction(async () => {
    await owner?.removeChannel(channel.id)
    await channels.reload()
  })
  const { kind, isConfirmed, failingSince, failure, disabledAt, lastDeliveredAt } = channel
  const target = channel.target ?? t(m.unknownTarget)
  const isWell = failingSince === null && disabledAt === null
  return (
    <Item
      icon="bell"
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
        failingSince !== null &&
          t(m.failingSince, { when: relative(failingSince, now), failure: failure ?? '' }),
        lastDeliveredAt === null
          ? t(m.deliveredNever)
          : t(m.delivered, { when: relative(lastDeliveredAt, now) }),
      ]}
      actions={
        owner !== null && (
          <>
            <Button
              kind="danger"
              icon="trash"
              onPress={() => {
                setRemoving(true)
              }}
            >
              {t(m.remove)}
            </Button>
            <ConfirmDialog
              title={t(m.removeConfirm)}
              confirm={t(m.removeConfirm)}
              action={remove}
              isOpen={isRemoving}
              onClose={() => {
                setRemoving(false)
              }}
            >
              <Notice tone="warn">{t(m.removeText, { target })}</Notice>
            </ConfirmDialog>
          </>
        )
      }
    />
  )
}
