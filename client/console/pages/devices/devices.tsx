import { useState } from 'react'
import { useLocation } from 'wouter'
import type { ManagementKeyDescription, Vault } from '../../../index.ts'
import { useResource } from '../../data/resource.ts'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import { useSession } from '../../session/session-context.tsx'
import { Button } from '../../ui/button.tsx'
import { CopyableId } from '../../ui/copy.tsx'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { Badge, Notice } from '../../ui/display.tsx'
import { Failure } from '../../ui/failure.tsx'
import { Item, ItemList } from '../../ui/item-list.tsx'
import { Loading } from '../../ui/loading.tsx'
import { Page } from '../../ui/page.tsx'
import { showToast } from '../../ui/toasts.tsx'
import { useAction } from '../../ui/use-action.ts'
import { useNow } from '../../ui/use-now.ts'
import { AddDeviceDialog } from './add-device.tsx'
import { deviceNameOf } from './device-name-of.ts'
import { devicesMessages as m } from './devices.messages.ts'

export function Devices() {
  const { t } = useTranslator()
  const { account, owner } = useSession()
  const { data, error } = useResource(account)
  const [path, navigate] = useLocation()
  const [isAdding, setAdding] = useState(path === '/devices/approve')
  const [revoking, setRevoking] = useState<ManagementKeyDescription | null>(null)
  return (
    <Page
      title={t(m.title)}
      actions={
        owner !== null && (
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
      }
    >
      {error !== null && <Failure error={error} onRetry={() => void account.reload()} />}
      {data === undefined && error === null && <Loading />}
      <ItemList label={t(m.title)}>
        {data?.managementKeys.map((device) => (
          <DeviceItem key={device.id} device={device} onRevoke={owner === null ? null : setRevoking} />
        ))}
      </ItemList>
      {owner !== null && (
        <>
          <AddDeviceDialog
            owner={owner}
            isOpen={isAdding}
            onClose={() => {
              setAdding(false)
              if (path !== '/devices') navigate('/devices', { replace: true })
            }}
          />
          <RevokeDeviceDialog
            owner={owner}
            device={revoking}
            onClose={() => {
              setRevoking(null)
            }}
          />
        </>
      )}
    </Page>
  )
}

const icons = { DEVICE: 'device', RECOVERY: 'lifebuoy', VIEWER: 'eye' } as const

function DeviceItem({
  device,
  onRevoke,
}: {
  readonly device: ManagementKeyDescription
  readonly onRevoke: ((device: ManagementKeyDescription) => void) | null
}) {
  const { t, relative } = useTranslator()
  const { viewer } = useSession()
  const now = useNow()
  const { id, createdAt, lastUsedAt, kind, isTrusted } = device
  const isThis = id === viewer.managementKeyId
  const name = deviceNameOf(device, t)
  return (
    <Item
      icon={icons[kind]}
      title={name}
      badges={
        <>
          {isThis && <Badge tone="ok">{t(m.thisDevice)}</Badge>}
          {kind === 'VIEWER' && <Badge tone="info">{t(m.viewer)}</Badge>}
          {!isTrusted && <Badge tone="bad">{t(m.notTrusted)}</Badge>}
        </>
      }
      lines={[
        kind === 'VIEWER' && t(m.viewerText),
        t(m.created, { when: relative(createdAt, now) }),
        lastUsedAt !== null && t(m.used, { when: relative(lastUsedAt, now) }),
      ]}
      detail={<CopyableId text={id} name={t(m.fingerprint)} />}
      actions={
        onRevoke !== null &&
        !isThis && (
          <Button
            kind="danger"
            icon="stop"
            label={t(m.revoke, { name })}
            onPress={() => {
              onRevoke(device)
            }}
          >
            {t(m.revokeButton)}
          </Button>
        )
      }
    />
  )
}

function RevokeDeviceDialog({
  owner,
  device,
  onClose,
}: {
  readonly owner: Vault
  readonly device: ManagementKeyDescription | null
  readonly onClose: () => void
}) {
  const { t } = useTranslator()
  const { account } = useSession()
  const revoke = useAction(async () => {
    if (device === null) return
    await owner.revokeDevice(device.id)
    await account.reload()
    showToast({ tone: 'ok', title: t(m.revoked) })
    onClose()
  })
  const name = device === null ? '' : deviceNameOf(device, t)
  return (
    <ConfirmDialog
      title={t(m.revokeConfirm)}
      confirm={t(m.revokeConfirm)}
      action={revoke}
      isOpen={device !== null}
      onClose={onClose}
    >
      <Notice tone="warn">
        {t(device?.kind === 'VIEWER' ? m.revokeViewerText : m.revokeText, { name })}
      </Notice>
    </ConfirmDialog>
  )
}
