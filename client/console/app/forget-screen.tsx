import { useTranslator } from '../i18n/i18n-context.tsx'
import { forgetThisBrowser } from '../session/forget.ts'
import { Button } from '../ui/button.tsx'
import { EmptyState } from '../ui/display.tsx'
import { Failure } from '../ui/failure.tsx'
import { useAction } from '../ui/use-action.ts'
import { appMessages } from './app.messages.ts'
import styles from './shell.module.css'

/** Why nothing can be shown with this browser's key, and the way out: to forget it. */
export function ForgetScreen({ title, text }: { readonly title: string; readonly text: string }) {
  const { t } = useTranslator()
  const forget = useAction(forgetThisBrowser)
  return (
    <main className={styles.center}>
      <EmptyState
        icon="lock"
        title={title}
        actions={
          <Button kind="danger" icon="trash" isPending={forget.isPending} onPress={forget.run}>
            {t(appMessages.startOver)}
          </Button>
        }
      >
        {text}
      </EmptyState>
      {forget.error !== null && <Failure error={forget.error} />}
    </main>
  )
}
