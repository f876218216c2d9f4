import { Link } from 'wouter'
import type { Alert } from '../../index.ts'
import { useTranslator } from '../i18n/i18n-context.tsx'
import { readAtOf } from '../session/alert-feed.ts'
import { Button } from '../ui/button.tsx'
import { cx } from '../ui/cx.ts'
import { Icon } from '../ui/icon.tsx'
import { Hidden } from '../ui/page.tsx'
import { useNow } from '../ui/use-now.ts'
import styles from './alerts.module.css'
import { alertView } from './alert-view.ts'
import { alertsPageMessages as m } from '../pages/alerts/alerts-page.messages.ts'

/** One alert, with what can be done about it. */
export function AlertItem({
  alert,
  onAcknowledge,
}: {
  readonly alert: Alert
  readonly onAcknowledge?: () => void
}) {
  const translator = useTranslator()
  const { t, dateTime, relative } = translator
  const { title, text, tone, icon, keyId } = alertView(alert, translator)
  const isUnread = readAtOf(alert) === null
  const now = useNow()
  return (
    <li className={cx(styles.item, isUnread && styles.unread)}>
      <span className={cx(styles.icon, styles[tone])}>
        <Icon name={icon} size={18} />
      </span>
      <div className={styles.text}>
        <strong>
          {isUnread && <Hidden>{`${t(m.unread)}: `}</Hidden>}
          {keyId === null ? title : <Link to={`/keys/${keyId}`}>{title}</Link>}
        </strong>
        <p>{text}</p>
      </div>
      <time
        className={styles.time}
        dateTime={alert.occurredAt.toISOString()}
        title={dateTime(alert.occurredAt)}
      >
        {relative(alert.occurredAt, Math.max(now, alert.occurredAt.getTime()))}
      </time>
      {isUnread && onAcknowledge !== undefined && (
        <Button kind="quiet" icon="check" label={t(m.markUpTo)} onPress={onAcknowledge} />
      )}
    </li>
  )
}
