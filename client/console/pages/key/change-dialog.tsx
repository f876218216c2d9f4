import { useState } from 'react'
import type { KeyChanges, TransactionKey, Vault } from '../../../index.ts'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import { TermsForm } from '../../keys/terms-form.tsx'
import { areTermsComplete, expiryOf, maxUsesOf, termsOf } from '../../keys/terms.ts'
import { useSession } from '../../session/session-context.tsx'
import { ActionForm } from '../../ui/action-form.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { showToast } from '../../ui/toasts.tsx'
import { uiMessages } from '../../ui/ui.messages.ts'
import { useAction } from '../../ui/use-action.ts'
import { keyPageMessages as m } from './key.messages.ts'

export interface ChangeDialogProps {
  readonly owner: Vault
  readonly transactionKey: TransactionKey
  readonly isOpen: boolean
  readonly onClose: () => void
}

/** Changes a key's label, term and limits. It can be undone for a moment. */
export function ChangeDialog(props: ChangeDialogProps) {
  const { t } = useTranslator()
  return (
    <Dialog title={t(m.change)} isOpen={props.isOpen} onClose={props.onClose}>
      <ChangeForm {...props} />
    </Dialog>
  )
}

function ChangeForm({ owner, transactionKey, onClose }: ChangeDialogProps) {
  const { t } = useTranslator()
  const session = useSession()
  const [terms, setTerms] = useState(() => termsOf(transactionKey))
  const put = async (changes: KeyChanges) => {
    session.putKey(await owner.updateKey(transactionKey.id, changes))
  }
  const change = useAction(async () => {
    const before = termsOf(transactionKey)
    const isTermChanged = terms.term !== before.term || terms.date !== before.date
    const isLimitChanged = terms.maxUses !== before.maxUses
    const isPolicyChanged = terms.overusePolicy !== before.overusePolicy
    await put({
      label: terms.label.trim() === '' ? null : terms.label.trim(),
      // Without a change the moment stays as it is, to the second.
      expiresAt: isTermChanged ? expiryOf(terms) : undefined,
      maxUses: isLimitChanged ? maxUsesOf(terms) : undefined,
      overusePolicy: isPolicyChanged ? terms.overusePolicy : undefined,
    })
    const { label, expiresAt, maxUses, overusePolicy } = transactionKey
    showToast({
      tone: 'ok',
      title: t(m.changed),
      action: {
        label: t(uiMessages.undo),
        run: () =>
          put({
            label,
            expiresAt: isTermChanged ? expiresAt : undefined,
            maxUses: isLimitChanged ? maxUses : undefined,
            overusePolicy: isPolicyChanged ? overusePolicy : undefined,
          }),
      },
    })
    onClose()
  })
  return (
    <ActionForm
      action={change}
      submit={t(uiMessages.save)}
      isComplete={areTermsComplete(terms)}
      onBack={onClose}
      isInDialog
    >
      <TermsForm terms={terms} onChange={setTerms} />
    </ActionForm>
  )
}
