import { useState } from 'react'
import { useLocation } from 'wouter'
import type { ManagementKeyDescription, Vault } from '../../../index.ts'
import { useResource } from '../../data/resource.ts'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import { useSession } from '../../session/session-context.tsx'
import { Button } from '../../ui/button.tsx'
import { CopyableId } from '../../ui/copy.tsx'
import { Dialog, DialogActions } from '../../ui/dialog.tsx'
import { Badge, Notice } from '../../ui/display.tsx'
import { Failure } from '../../ui/failure.tsx'
import { Icon } from '../../ui/icon.tsx'
import { Loading } from '../../ui/loading.tsx'
import { Page } from '../../ui/page.tsx'
import { showToast } from '../../ui/toasts.tsx'
import { uiMessages } from '../../ui/ui.messages.ts'
import { useAction } from '../../ui/use-action.ts'
import { useNow } from '../../ui/use-now.ts'
import { AddDeviceDialog } from './add-device.tsx'
import styles from './devices.module.css'
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
      <ul className={styles.list}>
        {data?.managementKeys.map((device) => (
          <DeviceCard key={device.id} device={device} onRevoke={owner === null ? null : setRevoking} />
        ))}
      </ul>
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

function DeviceCard({
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
    <li className={styles.device}>
      <span className={styles.icon}>
        <Icon name={kind === 'RECOVERY' ? 'lifebuoy' : 'device'} size={22} />
      </span>
      <div className={styles.name}>
        <h2>{name}</h2>
        {isThis && (
          <p>
            <Badge tone="ok">{t(m.thisDevice)}</Badge>
          </p>
        )}
        {!isTrusted && (
          <p>
            <Badge tone="bad">{t(m.notTrusted)}</Badge>
          </p>
        )}
        <p>{t(m.created, { when: relative(createdAt, now) })}</p>
        {lastUsedAt !== null && <p>{t(m.used, { when: relative(lastUsedAt, now) })}</p>}
      </div>
      {onRevoke !== null && !isThis ? (
        <Button
          kind="danger"
          label={t(m.revoke, { name })}
          onPress={() => {
            onRevoke(device)
          }}
        >
          {t(m.revokeButton)}
        </Button>
      ) : (
        <span />
      )}
      <div className={styles.id}>
        <CopyableId text={id} name={t(m.fingerprint)} />
      </div>
    </li>
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
    <Dialog title={t(m.revokeConfirm)} isOpen={device !== null} onClose={onClose} isAlert>
      <Notice tone="warn">{t(m.revokeText, { name })}</Notice>
      {revoke.error !== null && <Failure error={revoke.error} />}
      <DialogActions>
        <Button onPress={onClose}>{t(uiMessages.cancel)}</Button>
        <Button kind="dangerSolid" isPending={revoke.isPending} onPress={revoke.run}>
          {t(m.revokeConfirm)}
        </Button>
      </DialogActions>
    </Dialog>
  )
}
