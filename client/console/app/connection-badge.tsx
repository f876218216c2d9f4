import { useStore } from '../data/store.ts'
import { useTranslator } from '../i18n/i18n-context.tsx'
import { connection } from '../session/session.ts'
import { cx } from '../ui/cx.ts'
import { appMessages } from './app.messages.ts'
import styles from './shell.module.css'

const words = {
  live: { name: appMessages.live, help: appMessages.liveHelp, dot: 'dotLive' },
  connecting: { name: appMessages.connecting, help: appMessages.connectingHelp, dot: null },
  offline: { name: appMessages.offline, help: appMessages.offlineHelp, dot: 'dotOffline' },
} as const

/** Whether alerts arrive as they happen: said of the socket itself, not guessed. */
export function ConnectionBadge() {
  const { t } = useTranslator()
  const { status } = useStore(connection.state)
  const { name, help, dot } = words[status]
  return (
    <span className={styles.status} title={t(help)} data-connection={status}>
      <span className={cx(styles.dot, dot !== null && styles[dot])} aria-hidden="true" />
      {t(name)}
    </span>
  )
}
