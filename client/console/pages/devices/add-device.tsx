import { useEffect, useRef, useState } from 'react'
import type { Pairing, Progress, Vault } from '../../../index.ts'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import welcomeStyles from '../welcome/welcome.module.css'
import { useSession } from '../../session/session-context.tsx'
import { ActionForm } from '../../ui/action-form.tsx'
import { Button } from '../../ui/button.tsx'
import { Dialog, DialogActions } from '../../ui/dialog.tsx'
import { Notice } from '../../ui/display.tsx'
import { Failure } from '../../ui/failure.tsx'
import { TextField } from '../../ui/field.tsx'
import { Muted } from '../../ui/page.tsx'
import { showToast } from '../../ui/toasts.tsx'
import { useAction } from '../../ui/use-action.ts'
import { devicesMessages as m } from './devices.messages.ts'

export function AddDeviceDialog({
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
    <Dialog title={t(m.add)} isOpen={isOpen} onClose={onClose} isAlert>
      <AddDevice owner={owner} onClose={onClose} />
    </Dialog>
  )
}

function AddDevice({ owner, onClose }: { readonly owner: Vault; readonly onClose: () => void }) {
  const { t } = useTranslator()
  const { account } = useSession()
  // A camera that read the picture opened this page with the code behind the #.
  const [code, setCode] = useState(() => location.hash.slice(1))
  const [pairing, setPairing] = useState<Pairing | null>(null)
  const [progress, setProgress] = useState<Progress | null>(null)
  const lookUp = useAction(async () => {
    setPairing(await owner.lookUpPairing(codeOf(code)))
  })
  const startsAtOnce = useRef(code !== '')
  useEffect(() => {
    if (!startsAtOnce.current) return
    startsAtOnce.current = false
    history.replaceState(history.state, '', location.pathname)
    lookUp.run()
  })
  const approve = useAction(async () => {
    if (pairing === null) return
    const { rewrapped } = await owner.approveDevice(pairing, { onProgress: setProgress })
    await account.reload()
    const text = pairing.kind === 'VIEWER' ? t(m.addedViewerText) : t(m.addedText, { count: rewrapped })
    showToast({ tone: 'ok', title: t(m.added), text })
    onClose()
  })
  if (pairing === null) {
    return (
      <ActionForm action={lookUp} submit={t(m.lookUp)} isComplete={code !== ''} onBack={onClose} isInDialog>
        <p>{t(m.addLead)}</p>
        <TextField
          label={t(m.code)}
          value={code}
          onChange={setCode}
          isMono
          isMultiline
          rows={3}
          autoComplete="off"
        />
      </ActionForm>
    )
  }
  return (
    <>
      <Muted>{t(m.newDevice, { name: pairing.label })}</Muted>
      {pairing.kind === 'VIEWER' && <Notice title={t(m.viewerApprove)}>{t(m.viewerApproveText)}</Notice>}
      <h3>{t(m.compare)}</h3>
      <ol className={welcomeStyles.fingerprint}>
        {pairing.words.map((word, index) => (
          <li key={index}>{word}</li>
        ))}
      </ol>
      <Notice tone="warn">{t(m.compareText)}</Notice>
      {progress !== null && approve.isPending && (
        <p role="status">{t(m.progress, { done: progress.done, count: progress.total })}</p>
      )}
      {approve.error !== null && <Failure error={approve.error} />}
      <DialogActions>
        <Button kind="danger" onPress={onClose}>
          {t(m.different)}
        </Button>
        <Button kind="primary" icon="check" isPending={approve.isPending} onPress={approve.run}>
          {t(m.approve)}
        </Button>
      </DialogActions>
    </>
  )
}

/** The code itself, also out of the address that the picture holds. */
function codeOf(text: string): string {
  return text.slice(text.lastIndexOf('#') + 1).trim()
}
