import { useState } from 'react'
import { useTranslator } from '../i18n/i18n-context.tsx'
import { forgetThisBrowser } from '../session/forget.ts'
import { Button } from '../ui/button.tsx'
import { ConfirmDialog } from '../ui/confirm-dialog.tsx'
import { EmptyState, Notice } from '../ui/display.tsx'
import { Failure } from '../ui/failure.tsx'
import { useAction } from '../ui/use-action.ts'
import { appMessages } from './app.messages.ts'
import styles from './shell.module.css'

/** Waits for the passkey: browsers ask for it only when somebody has pressed something. */
export function Locked({ owner, unlock }: { readonly owner: string; readonly unlock: () => Promise<void> }) {
  const { t } = useTranslator()
  const open = useAction(unlock)
  const [isForgetting, setForgetting] = useState(false)
  const forget = useAction(forgetThisBrowser)
  return (
    <main className={styles.center}>
      <EmptyState
        icon="lock"
        title={t(appMessages.lockedTitle, { name: owner })}
        actions={
          <>
            <Button kind="primary" icon="key" autoFocus isPending={open.isPending} onPress={open.run}>
              {t(appMessages.unlock)}
            </Button>
            <Button
              kind="quiet"
              onPress={() => {
                setForgetting(true)
              }}
            >
              {t(appMessages.startOver)}
            </Button>
          </>
        }
      >
        {t(appMessages.lockedText)}
      </EmptyState>
      {open.error !== null && <Failure error={open.error} />}
      <ConfirmDialog
        title={t(appMessages.startOver)}
        confirm={t(appMessages.startOverConfirm)}
        action={forget}
        isOpen={isForgetting}
        onClose={() => {
          setForgetting(false)
        }}
      >
        <Notice tone="bad">{t(appMessages.startOverText)}</Notice>
      </ConfirmDialog>
    </main>
  )
}
