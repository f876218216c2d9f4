import type { ReactNode } from 'react'
import { KeyServerError } from '../../index.ts'
import { useResource } from '../data/resource.ts'
import { useStore } from '../data/store.ts'
import { useTranslator } from '../i18n/i18n-context.tsx'
import { useSession } from '../session/session-context.tsx'
import { appMessages } from './app.messages.ts'
import { ForgetScreen } from './forget-screen.tsx'

/** Shows the pages while the key server knows this browser's key, and says so when it does not. */
export function AccessGate({ children }: { readonly children: ReactNode }) {
  const { t } = useTranslator()
  const { account, alerts } = useSession()
  const accountState = useResource(account)
  const { error } = useStore(alerts.state)
  if (!isUnknownKey(accountState.error) && !isUnknownKey(error)) return children
  return <ForgetScreen title={t(appMessages.revokedTitle)} text={t(appMessages.revokedText)} />
}

function isUnknownKey(error: unknown): boolean {
  return error instanceof KeyServerError && error.details.reason === 'SIGNATURE_INVALID'
}
