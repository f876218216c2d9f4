import { useState } from 'react'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import { TermsForm } from '../../keys/terms-form.tsx'
import { areTermsComplete, expiryOf, maxUsesOf, termsOf } from '../../keys/terms.ts'
import { useSession } from '../../session/session-context.tsx'
import { ActionForm } from '../../ui/action-form.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { showToast } from '../../ui/toasts.tsx'
import { uiMessages } from '../../ui/ui.messages.ts'
import { useAction } from '../../ui/use-action.ts'
import type { KeyDialogProps } from './key-actions.tsx'
import { keyPageMessages as m } from './key.messages.ts'

export function ChangeDialog(props: KeyDialogProps) {
  const { t } = useTranslator()
  return (
    <Dialog title={t(m.change)} isOpen={props.isOpen} onClose={props.onClose}>
      <ChangeForm {...props} />
    </Dialog>
  )
}

function ChangeForm({ owner, transactionKey, onClose }: KeyDialogProps) {
  const { t } = useTranslator()
  const session = useSession()
  const [terms, setTerms] = useState(() => termsOf(transactionKey))
  const change = useAction(async () => {
    const before = termsOf(transactionKey)
    const isTermChanged = terms.term !== before.term || terms.date !== before.date
    const changed = await owner.updateKey(transactionKey.id, {
      label: terms.label.trim() === '' ? null : terms.label.trim(),
      // Without a change the moment stays as it is, to the second.
      expiresAt: isTermChanged ? expiryOf(terms) : undefined,
      maxUses: terms.maxUses === before.maxUses ? undefined : maxUsesOf(terms),
      overusePolicy: terms.overusePolicy === before.overusePolicy ? undefined : terms.overusePolicy,
    })
    session.putKey(changed)
    showToast({ tone: 'ok', title: t(m.changed) })
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
