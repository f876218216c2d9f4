import { useState } from 'react'
import { useLocation } from 'wouter'
import type { TransactionKey, Vault } from '../../../index.ts'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import { RevokeDialog } from '../../keys/revoke-dialog.tsx'
import { useSession } from '../../session/session-context.tsx'
import { Button } from '../../ui/button.tsx'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { Notice } from '../../ui/display.tsx'
import { TextField } from '../../ui/field.tsx'
import { showToast } from '../../ui/toasts.tsx'
import { useAction } from '../../ui/use-action.ts'
import { ChangeDialog } from './change-dialog.tsx'
import { keyPageMessages as m } from './key.messages.ts'

export interface KeyDialogProps {
  readonly owner: Vault
  readonly transactionKey: TransactionKey
  readonly isOpen: boolean
  readonly onClose: () => void
}

type OpenDialog = 'change' | 'rotate' | 'revoke' | 'destroy' | null

/** The actions on a key, side by side and not behind a menu. */
export function KeyActions({
  owner,
  transactionKey,
}: {
  readonly owner: Vault
  readonly transactionKey: TransactionKey
}) {
  const { t } = useTranslator()
  const [open, setOpen] = useState<OpenDialog>(null)
  const close = () => {
    setOpen(null)
  }
  const show = (dialog: OpenDialog) => () => {
    setOpen(dialog)
  }
  const isRevoked = transactionKey.state === 'REVOKED'
  const isErased = isRevoked && transactionKey.wrappedFor.length === 0
  const dialog = { owner, transactionKey, onClose: close }
  return (
    <>
      {!isRevoked && (
        <>
          <Button icon="edit" onPress={show('change')}>
            {t(m.change)}
          </Button>
          <Button icon="rotate" onPress={show('rotate')}>
            {t(m.rotate)}
          </Button>
          <Button kind="danger" icon="stop" onPress={show('revoke')}>
            {t(m.revoke)}
          </Button>
        </>
      )}
      {!isErased && (
        <Button kind="danger" icon="trash" onPress={show('destroy')}>
          {t(m.destroy)}
        </Button>
      )}
      <ChangeDialog {...dialog} isOpen={open === 'change'} />
      <RotateDialog {...dialog} isOpen={open === 'rotate'} />
      <RevokeDialog owner={owner} keys={open === 'revoke' ? [transactionKey] : []} onClose={close} />
      <DestroyDialog {...dialog} isOpen={open === 'destroy'} />
    </>
  )
}

function RotateDialog({ owner, transactionKey, isOpen, onClose }: KeyDialogProps) {
  const { t } = useTranslator()
  const session = useSession()
  const [, navigate] = useLocation()
  const rotate = useAction(async () => {
    const next = await owner.rotateKey(transactionKey.id)
    session.putKey(next)
    await session.key(transactionKey.id).reload()
    showToast({ tone: 'ok', title: t(m.rotated), text: next.label ?? next.applicationServer })
    onClose()
    navigate(`/keys/${next.id}`)
  })
  return (
    <ConfirmDialog
      title={t(m.rotate)}
      confirm={t(m.rotateConfirm)}
      action={rotate}
      isOpen={isOpen}
      onClose={onClose}
      icon="rotate"
      isHarmless
    >
      <p>{t(m.rotateText)}</p>
    </ConfirmDialog>
  )
}

/** Erasing is confirmed by typing the key's name: a habit of pressing Enter is no consent. */
function DestroyDialog({ owner, transactionKey, isOpen, onClose }: KeyDialogProps) {
  const { t } = useTranslator()
  const session = useSession()
  const [typed, setTyped] = useState('')
  const name = transactionKey.label ?? transactionKey.applicationServer
  const destroy = useAction(async () => {
    const destroyed = await owner.destroyKey(transactionKey.id)
    session.putKey(destroyed)
    showToast({ tone: 'ok', title: t(m.destroyed), text: name })
    setTyped('')
    onClose()
  })
  return (
    <ConfirmDialog
      title={t(m.destroyTitle)}
      confirm={t(m.destroyConfirm)}
      action={destroy}
      isOpen={isOpen}
      onClose={onClose}
      icon="trash"
      isDisabled={typed !== name}
    >
      <Notice tone="bad">{t(m.destroyWarning)}</Notice>
      <TextField label={t(m.destroyType, { name })} value={typed} onChange={setTyped} autoFocus />
    </ConfirmDialog>
  )
}
