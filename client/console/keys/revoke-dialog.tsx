import { useState } from 'react'
import type { RevocationReason } from '../../index.ts'
import { useTranslator } from '../i18n/i18n-context.tsx'
import { useSession } from '../session/session-context.tsx'
import { Radios } from '../ui/choice.tsx'
import { Notice } from '../ui/display.tsx'
import { showToast } from '../ui/toasts.tsx'
import { BulkDialog } from './bulk-dialog.tsx'
import { revokeMessages as m } from './revoke.messages.ts'
import type { KeysDialogProps } from './rotate-dialog.tsx'

export function RevokeDialog({ owner, keys, onClose, onDone }: KeysDialogProps) {
  const { t } = useTranslator()
  const session = useSession()
  const [reason, setReason] = useState<RevocationReason>('UNSPECIFIED')
  return (
    <BulkDialog
      title={t(m.title)}
      confirm={t(m.confirm, { count: keys.length })}
      keys={keys}
      work={async ({ id }) => {
        session.putKey(await owner.revokeKey(id, { reason }))
      }}
      onDone={() => {
        showToast({ tone: 'ok', title: t(m.done, { count: keys.length }) })
        onDone?.(keys)
      }}
      onClose={onClose}
    >
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
    </BulkDialog>
  )
}
