import { useRef } from 'react'
import type { TransactionKey, Vault } from '../../index.ts'
import { useTranslator } from '../i18n/i18n-context.tsx'
import { useSession } from '../session/session-context.tsx'
import { showToast } from '../ui/toasts.tsx'
import { BulkDialog } from './bulk-dialog.tsx'
import { rotateMessages as m } from './bulk.messages.ts'

export interface KeysDialogProps {
  readonly owner: Vault
  /** Open while there are any. */
  readonly keys: readonly TransactionKey[]
  readonly onClose: () => void
  /** Called with what the operation made of the keys, once it was done to all. */
  readonly onDone?: (changed: readonly TransactionKey[]) => void
}

/** Puts a successor in the place of each key. */
export function RotateDialog({ owner, keys, onClose, onDone }: KeysDialogProps) {
  const { t } = useTranslator()
  const session = useSession()
  const successors = useRef<TransactionKey[]>([])
  return (
    <BulkDialog
      title={t(m.title)}
      confirm={t(m.confirm)}
      keys={keys}
      icon="rotate"
      isHarmless
      work={async ({ id }) => {
        const next = await owner.rotateKey(id)
        session.putKey(next)
        successors.current.push(next)
        await session.key(id).reload()
      }}
      onDone={() => {
        showToast({ tone: 'ok', title: t(m.done, { count: keys.length }) })
        onDone?.(successors.current.splice(0))
      }}
      onClose={onClose}
    >
      <p>{t(m.text)}</p>
    </BulkDialog>
  )
}
