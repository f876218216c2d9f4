import { useState } from 'react'
import { useTranslator } from '../i18n/i18n-context.tsx'
import { useSession } from '../session/session-context.tsx'
import { Notice } from '../ui/display.tsx'
import { TextField } from '../ui/field.tsx'
import { showToast } from '../ui/toasts.tsx'
import { uiMessages } from '../ui/ui.messages.ts'
import { BulkDialog, nameOf } from './bulk-dialog.tsx'
import { destroyMessages as m } from './bulk.messages.ts'
import type { KeysDialogProps } from './rotate-dialog.tsx'

/** Erasing is confirmed by typing a key's name, or how many there are: a habit of pressing Enter is no consent. */
export function DestroyDialog({ owner, keys, onClose, onDone }: KeysDialogProps) {
  const { t } = useTranslator()
  const session = useSession()
  const [typed, setTyped] = useState('')
  const [first] = keys
  const name = keys.length === 1 && first !== undefined ? nameOf(first) : t(m.phrase, { count: keys.length })
  return (
    <BulkDialog
      title={t(m.title, { count: keys.length })}
      confirm={t(m.confirm)}
      keys={keys}
      icon="trash"
      isDisabled={typed.trim() !== name}
      work={async ({ id }) => {
        session.putKey(await owner.destroyKey(id))
      }}
      onDone={() => {
        showToast({ tone: 'ok', title: t(m.done, { count: keys.length }) })
        onDone?.(keys)
      }}
      onClose={() => {
        setTyped('')
        onClose()
      }}
    >
      <Notice tone="bad">{t(m.warning)}</Notice>
      <TextField label={t(uiMessages.typeToConfirm, { name })} value={typed} onChange={setTyped} autoFocus />
    </BulkDialog>
  )
}
