import type { ReactNode } from 'react'
import { KeyServerError } from '../../index.ts'
import { useResource } from '../data/resource.ts'
import { useStore } from '../data/store.ts'
import { useTranslator } from '../i18n/i18n-context.tsx'
import { useSession } from '../session/session-context.tsx'
import { Button } from '../ui/button.tsx'
import { EmptyState } from '../ui/display.tsx'
import { appMessages } from './app.messages.ts'
import { forgetThisBrowser } from '../session/forget.ts'
import styles from './shell.module.css'

/** Shows the pages while the key server knows this browser's key, and says so when it does not. */
export function AccessGate({ children }: { readonly children: ReactNode }) {
  const { t } = useTranslator()
  const { account, alerts } = useSession()
  const accountState = useResource(account)
  const { error } = useStore(alerts.state)
  if (!isUnknownKey(accountState.error) && !isUnknownKey(error)) return children
  return (
    <main className={styles.center}>
      <EmptyState
        icon="lock"
        title={t(appMessages.revokedTitle)}
        actions={
          <Button
            kind="danger"
            icon="trash"
            onPress={() => {
              void forgetThisBrowser()
            }}
          >
            {t(appMessages.startOver)}
          </Button>
        }
      >
        {t(appMessages.revokedText)}
      </EmptyState>
    </main>
  )
}

function isUnknownKey(error: unknown): boolean {
  return error instanceof KeyServerError && error.details.reason === 'SIGNATURE_INVALID'
}
