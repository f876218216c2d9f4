import { useEffect } from 'react'
import { useTranslator } from '../i18n/i18n-context.tsx'
import { alertView } from '../alerts/alert-view.ts'
import { useSession } from '../session/session-context.tsx'
import { usePreferences } from '../theme/preferences.ts'
import { showToast } from '../ui/toasts.tsx'

/** Tells of alerts while they arrive: in the page, and by the system when the page is in the background. */
export function AlertToasts() {
  const translator = useTranslator()
  const { alerts, keys, totals, due, account, key } = useSession()
  const { notifies } = usePreferences()
  useEffect(
    () =>
      alerts.onAlert((alert) => {
        const { title, text, tone, keyId } = alertView(alert, translator)
        const to = keyId === null ? '/alerts' : `/keys/${keyId}`
        showToast({ tone: tone === 'bad' ? 'bad' : 'warn', title, text, to })
        if (notifies && document.hidden && Notification.permission === 'granted') {
          new Notification(title, { body: text, tag: alert.cursor, icon: '/icon.svg' })
        }
        if (keyId !== null) void key(keyId).reload()
        else void Promise.all([keys.reload(), account.reload()])
        void Promise.all([totals.reload(), due.reload()])
      }),
    [alerts, keys, totals, due, account, key, notifies, translator],
  )
  return null
}
