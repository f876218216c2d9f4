import { useState } from 'react'
import { FileTrigger } from 'react-aria-components'
import { openBackup, type ImportReport, type Progress, type Vault } from '../../../index.ts'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import { useSession } from '../../session/session-context.tsx'
import { ActionForm } from '../../ui/action-form.tsx'
import { Button } from '../../ui/button.tsx'
import { Notice } from '../../ui/display.tsx'
import { TextField } from '../../ui/field.tsx'
import { Card, Muted, Row } from '../../ui/page.tsx'
import { useAction } from '../../ui/use-action.ts'
import { backupMessages as m } from './backup.messages.ts'

export function ImportCard({ owner }: { readonly owner: Vault }) {
  const { t } = useTranslator()
  const { keys } = useSession()
  const [file, setFile] = useState<File | null>(null)
  const [passphrase, setPassphrase] = useState('')
  const [progress, setProgress] = useState<Progress | null>(null)
  const [report, setReport] = useState<ImportReport | null>(null)
  const isComplete = file !== null && passphrase !== ''
  const restore = useAction(async () => {
    if (file === null) return
    const backup = await openBackup((await file.text()).trim(), passphrase)
    setReport(await owner.importBackup(backup, { onProgress: setProgress }))
    setPassphrase('')
    await keys.reload()
  })
  return (
    <Card title={t(m.importTitle)}>
      <Muted>{t(m.importText)}</Muted>
      <ActionForm action={restore} submit={t(m.import)} isComplete={isComplete}>
        <Row>
          <FileTrigger
            onSelect={(files) => {
              setFile(files?.[0] ?? null)
            }}
          >
            <Button icon="upload">{file?.name ?? t(m.file)}</Button>
          </FileTrigger>
        </Row>
        <TextField
          label={t(m.passphrase)}
          type="password"
          autoComplete="off"
          value={passphrase}
          onChange={setPassphrase}
        />
        {restore.isPending && progress !== null && <p role="status">{t(m.progress, { ...progress })}</p>}
        {report !== null && (
          <Notice
            tone={report.skipped.length === 0 ? 'ok' : 'warn'}
            title={t(m.imported, { count: report.imported })}
            isLive
          >
            {report.skipped.length > 0 && t(m.skipped, { count: report.skipped.length })}
          </Notice>
        )}
      </ActionForm>
    </Card>
  )
}
