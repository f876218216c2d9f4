import { useState } from 'react'
import type { RevocationReason, TransactionKey, Vault } from '../../index.ts'
import { useTranslator } from '../i18n/i18n-context.tsx'
import { useSession } from '../session/session-context.tsx'
import { Radios } from '../ui/choice.tsx'
import { ConfirmDialog } from '../ui/confirm-dialog.tsx'
import { Notice } from '../ui/display.tsx'
import { showToast } from '../ui/toasts.tsx'
import { useAction } from '../ui/use-action.ts'
import { revokeMessages as m } from './revoke.messages.ts'

const namesShownMax = 8

/** Revokes keys after a question: open while there are any. */
export function RevokeDialog({
  owner,
  keys,
  onClose,
  onRevoked,
}: {
  readonly owner: Vault
  readonly keys: readonly TransactionKey[]
  readonly onClose: () => void
  readonly onRevoked?: () => void
}) {
  const { t } = useTranslator()
  const session = useSession()
  const [reason, setReason] = useState<RevocationReason>('UNSPECIFIED')
  const [done, setDone] = useState(0)
  const revoke = useAction(async () => {
    let count = 0
    const failures: unknown[] = []
    for (const { id } of keys) {
      try {
        const revoked = await owner.revokeKey(id, { reason })
        session.putKey(revoked)
        setDone((count += 1))
      } catch (error) {
        failures.push(error)
      }
    }
    setDone(0)
    if (count > 0) showToast({ tone: 'ok', title: t(m.done, { count }) })
    if (failures.length > 0) throw new AggregateError(failures)
    onRevoked?.()
    onClose()
  })
  const shown = keys.slice(0, namesShownMax).map(({ label, applicationServer }) => label ?? applicationServer)
  return (
    <ConfirmDialog
      title={t(m.title)}
      confirm={t(m.confirm, { count: keys.length })}
      action={revoke}
      isOpen={keys.length > 0}
      onClose={onClose}
    >
      <p>
        <strong>{shown.join(', ')}</strong>
        {keys.length > shown.length && ` … +${String(keys.length - shown.length)}`}
      </p>
      <Radios<RevocationReason>
        label={t(m.reason)}
        value={reason}
        onChange={setReason}
        options={[
          { value: 'UNSPECIFIED', label: t(m.unspecified) },
          { value: 'COMPROMISED', label: t(m.compromised) },
          { value: 'SUPERSEDED', label: t(m.superseded) },
          { value: 'CESSATION', label: t(m.cessation) },
        ]}
      />
      <Notice tone="warn">{t(m.warning)}</Notice>
      {revoke.isPending && keys.length > 1 && (
        <p role="status">{t(m.progress, { done, count: keys.length })}</p>
      )}
    </ConfirmDialog>
  )
}
