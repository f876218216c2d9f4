import { useState } from 'react'
import { useTranslator } from '../i18n/i18n-context.tsx'
import { useSession } from '../session/session-context.tsx'
import { showToast } from '../ui/toasts.tsx'
import { uiMessages } from '../ui/ui.messages.ts'
import { BulkDialog } from './bulk-dialog.tsx'
import { changeTermMessages as m } from './bulk.messages.ts'
import type { KeysDialogProps } from './rotate-dialog.tsx'
import { TermField } from './term-field.tsx'
import { areTermsComplete, expiryOf, newTerms } from './terms.ts'

/** Gives keys the same term, from now on. It can be undone: each gets the end back that it had. */
export function ChangeTermDialog({ owner, keys, onClose, onDone }: KeysDialogProps) {
  const { t } = useTranslator()
  const session = useSession()
  const [terms, setTerms] = useState(newTerms)
  const end = async (id: string, expiresAt: Date | null) => {
    session.putKey(await owner.updateKey(id, { expiresAt }))
  }
  return (
    <BulkDialog
      title={t(m.title)}
      confirm={t(m.confirm, { count: keys.length })}
      keys={keys}
      icon="clock"
      isHarmless
      isDisabled={!areTermsComplete(terms)}
      work={({ id }) => end(id, expiryOf(terms))}
      onDone={() => {
        showToast({
          tone: 'ok',
          title: t(m.done, { count: keys.length }),
          action: {
            label: t(uiMessages.undo),
            run: async () => {
              for (const { id, expiresAt } of keys) await end(id, expiresAt)
              onDone?.(keys)
            },
          },
        })
        onDone?.(keys)
      }}
      onClose={onClose}
    >
      <TermField terms={terms} onChange={setTerms} />
    </BulkDialog>
  )
}
