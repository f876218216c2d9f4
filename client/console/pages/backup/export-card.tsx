import { useState } from 'react'
import type { ExportedBackup, Progress, Vault } from '../../../index.ts'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import { ActionForm } from '../../ui/action-form.tsx'
import { Notice } from '../../ui/display.tsx'
import { TextField } from '../../ui/field.tsx'
import { Card, Muted } from '../../ui/page.tsx'
import { saveFile } from '../../ui/save-file.ts'
import { useAction } from '../../ui/use-action.ts'
import { backupMessages as m } from './backup.messages.ts'

const passphraseMin = 12

export function ExportCard({ owner }: { readonly owner: Vault }) {
  const { t } = useTranslator()
  const [passphrase, setPassphrase] = useState('')
  const [again, setAgain] = useState('')
  const [progress, setProgress] = useState<Progress | null>(null)
  const [made, setMade] = useState<ExportedBackup | null>(null)
  const isComplete = passphrase.length >= passphraseMin && passphrase === again
  const take = useAction(async () => {
    const backup = await owner.exportBackup({ passphrase, onProgress: setProgress })
    const day = new Date().toISOString().slice(0, 10)
    saveFile(`claviger-${owner.owner}-${day}.jwe`, { text: backup.sealed, type: 'application/jose' })
    setMade(backup)
    setPassphrase('')
    setAgain('')
  })
  return (
    <Card title={t(m.exportTitle)}>
      <Muted>{t(m.exportText)}</Muted>
      <ActionForm action={take} submit={t(m.export)} icon="download" isComplete={isComplete}>
        <TextField
          label={t(m.passphrase)}
          help={t(m.passphraseHelp)}
          type="password"
          autoComplete="new-password"
          value={passphrase}
          onChange={setPassphrase}
        />
        <TextField
          label={t(m.again)}
          type="password"
          autoComplete="new-password"
          value={again}
          onChange={setAgain}
          error={
            again !== '' && again.length >= passphrase.length && again !== passphrase ? t(m.different) : null
          }
        />
        {take.isPending && progress !== null && <p role="status">{t(m.progress, { ...progress })}</p>}
        {made !== null && (
          <Notice tone="ok" title={t(m.exported, { count: made.keyCount })} isLive>
            {made.skipped.length > 0 && t(m.skipped, { count: made.skipped.length })}
          </Notice>
        )}
      </ActionForm>
    </Card>
  )
}
