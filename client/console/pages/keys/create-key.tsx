import { useState } from 'react'
import { useLocation } from 'wouter'
import type { TransactionKeyAlgorithm, Vault } from '../../../index.ts'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import { TermsForm } from '../../keys/terms-form.tsx'
import { areTermsComplete, expiryOf, maxUsesOf, newTerms } from '../../keys/terms.ts'
import { useSession } from '../../session/session-context.tsx'
import { ActionForm } from '../../ui/action-form.tsx'
import { Radios } from '../../ui/choice.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { TextField } from '../../ui/field.tsx'
import { showToast } from '../../ui/toasts.tsx'
import { useAction } from '../../ui/use-action.ts'
import { createKeyMessages as m } from './create-key.messages.ts'

export function CreateKeyDialog({
  owner,
  isOpen,
  onClose,
}: {
  readonly owner: Vault
  readonly isOpen: boolean
  readonly onClose: () => void
}) {
  const { t } = useTranslator()
  return (
    <Dialog title={t(m.title)} isOpen={isOpen} onClose={onClose}>
      <CreateKeyForm owner={owner} onClose={onClose} />
    </Dialog>
  )
}

function CreateKeyForm({ owner, onClose }: { readonly owner: Vault; readonly onClose: () => void }) {
  const { t } = useTranslator()
  const session = useSession()
  const [, navigate] = useLocation()
  const [server, setServer] = useState('')
  const [algorithm, setAlgorithm] = useState<TransactionKeyAlgorithm>('Ed25519')
  const [terms, setTerms] = useState(newTerms)
  const create = useAction(async () => {
    const maxUses = maxUsesOf(terms)
    const key = await owner.createKey(server.trim(), {
      algorithm,
      label: terms.label.trim() === '' ? undefined : terms.label.trim(),
      expiresAt: expiryOf(terms) ?? undefined,
      maxUses: maxUses ?? undefined,
      overusePolicy: maxUses === null ? undefined : terms.overusePolicy,
    })
    session.putKey(key)
    showToast({ tone: 'ok', title: t(m.done), text: key.label ?? key.applicationServer })
    onClose()
    navigate(`/keys/${key.id}`)
  })
  const isComplete = server.trim() !== '' && areTermsComplete(terms)
  return (
    <ActionForm action={create} submit={t(m.create)} isComplete={isComplete} onBack={onClose} isInDialog>
      <TextField
        label={t(m.server)}
        help={t(m.serverHelp)}
        placeholder="https://shop.example"
        value={server}
        onChange={setServer}
        isRequired
        autoFocus
      />
      <Radios<TransactionKeyAlgorithm>
        label={t(m.kind)}
        value={algorithm}
        onChange={setAlgorithm}
        options={[
          { value: 'Ed25519', label: t(m.sign), help: t(m.signHelp) },
          { value: 'A256GCM', label: t(m.aes), help: t(m.aesHelp) },
          { value: 'X25519', label: t(m.x25519), help: t(m.x25519Help) },
          { value: 'P-256', label: t(m.signP256), help: t(m.signP256Help) },
        ]}
      />
      <TermsForm terms={terms} onChange={setTerms} />
    </ActionForm>
  )
}
