import { useState } from 'react'
import { useLocation } from 'wouter'
import type { TransactionKey, Vault } from '../../../index.ts'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import { DestroyDialog } from '../../keys/destroy-dialog.tsx'
import { RevokeDialog } from '../../keys/revoke-dialog.tsx'
import { RotateDialog } from '../../keys/rotate-dialog.tsx'
import { Button } from '../../ui/button.tsx'
import { ChangeDialog } from './change-dialog.tsx'
import { keyPageMessages as m } from './key.messages.ts'

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
  const [, navigate] = useLocation()
  const [open, setOpen] = useState<OpenDialog>(null)
  const close = () => {
    setOpen(null)
  }
  const show = (dialog: OpenDialog) => () => {
    setOpen(dialog)
  }
  const isRevoked = transactionKey.state === 'REVOKED'
  const isErased = isRevoked && transactionKey.wrappedFor.length === 0
  const dialog = { owner, onClose: close }
  const keysIf = (kind: OpenDialog) => (open === kind ? [transactionKey] : [])
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
      <ChangeDialog {...dialog} transactionKey={transactionKey} isOpen={open === 'change'} />
      <RotateDialog
        {...dialog}
        keys={keysIf('rotate')}
        onDone={([next]) => {
          if (next !== undefined) navigate(`/keys/${next.id}`)
        }}
      />
      <RevokeDialog {...dialog} keys={keysIf('revoke')} />
      <DestroyDialog {...dialog} keys={keysIf('destroy')} />
    </>
  )
}
