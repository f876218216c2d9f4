import { Link } from 'wouter'
import type { Alert, ManagementKeyDescription } from '../../../index.ts'
import { AlertItem } from '../../alerts/alert-item.tsx'
import alertStyles from '../../alerts/alerts.module.css'
import { useResource } from '../../data/resource.ts'
import { useStore } from '../../data/store.ts'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import type { Message } from '../../i18n/messages.ts'
import { dueBetween } from '../timeline/due.ts'
import { DueList } from '../timeline/due-list.tsx'
import { useSession } from '../../session/session-context.tsx'
import { cx } from '../../ui/cx.ts'
import { ButtonLink } from '../../ui/button.tsx'
import { Notice } from '../../ui/display.tsx'
import { Failure } from '../../ui/failure.tsx'
import { Icon } from '../../ui/icon.tsx'
import { Card, Columns, Muted, Page, Row, Stack } from '../../ui/page.tsx'
import { useNow } from '../../ui/use-now.ts'
import { keysPageMessages } from '../keys/keys-page.messages.ts'
import styles from './overview.module.css'
import { overviewMessages as m } from './overview.messages.ts'

const dayMs = 86_400_000

/** How things stand, at one glance. */
export function Overview() {
  const { t } = useTranslator()
  const { viewer, due: dueKeys, totals: keyTotals, alerts: feed, account, owner } = useSession()
  const totals = useResource(keyTotals)
  const ending = useResource(dueKeys)
  const { alerts, unreadCount } = useStore(feed.state)
  const devices = useResource(account).data?.managementKeys
  const now = useNow()
  const keys = ending.data?.keys ?? []
  const error = totals.error ?? ending.error
  const soon = dueBetween(keys, now, now + 30 * dayMs)
  const due = dueBetween(keys, now, now + 90 * dayMs)
  const unconfirmed = keys.filter(({ trustError, state }) => trustError !== null && state !== 'REVOKED')
  return (
    <Page
      title={t(m.hello, { name: viewer.owner })}
      actions={
        owner !== null && (
          <ButtonLink to="/keys?new" kind="primary" icon="plus">
            {t(keysPageMessages.create)}
          </ButtonLink>
        )
      }
    >
      {error !== null && (
        <Failure error={error} onRetry={() => void Promise.all([keyTotals.reload(), dueKeys.reload()])} />
      )}
      {unconfirmed.length > 0 && (
        <Notice tone="bad" title={t(m.unconfirmed, { count: unconfirmed.length })}>
          {t(m.unconfirmedText)}
        </Notice>
      )}
      <div className={styles.stats}>
        <Stat to="/keys?state=ACTIVE" name={m.active} count={totals.data?.ACTIVE} />
        <Stat to="/timeline" name={m.due} count={ending.data && soon.length} />
        <Stat to="/alerts" name={m.unread} count={unreadCount} needsAttention={unreadCount > 0} />
        <Stat
          to="/devices"
          name={m.devices}
          count={devices?.filter(({ kind }) => kind === 'DEVICE').length}
        />
      </div>
      <Columns>
        <Stack>
          {totals.data?.ALL === 0 && owner !== null && <FirstKey />}
          <LatestAlerts alerts={alerts} />
        </Stack>
        <Stack>
          <Card title={t(m.dueSoon)} actions={<Link to="/keys?sort=EXPIRING_FIRST">{t(m.allKeys)}</Link>}>
            {due.length === 0 ? <Muted>{t(m.nothingDue)}</Muted> : <DueList due={due} shownMax={6} />}
          </Card>
          <Safety devices={devices} alerts={alerts} />
        </Stack>
      </Columns>
    </Page>
  )
}

function Stat({
  to,
  name,
  count,
  needsAttention = false,
}: {
  readonly to: string
  readonly name: Message
  /** Undefined: not read yet. */
  readonly count: number | undefined
  readonly needsAttention?: boolean
}) {
  const { t, number } = useTranslator()
  return (
    <Link to={to} className={cx(styles.stat, needsAttention && styles.attention)}>
      <strong>{count === undefined ? '–' : number(count)}</strong>
      <span>{t(name)}</span>
    </Link>
  )
}

function FirstKey() {
  const { t } = useTranslator()
  return (
    <Card title={t(m.first)}>
      <p>{t(keysPageMessages.emptyText)}</p>
      <Row>
        <ButtonLink to="/keys?new" icon="key">
          {t(m.firstDo)}
        </ButtonLink>
      </Row>
    </Card>
  )
}

function LatestAlerts({ alerts }: { readonly alerts: readonly Alert[] }) {
  const { t } = useTranslator()
  return (
    <Card title={t(m.latest)} actions={<Link to="/alerts">{t(m.allAlerts)}</Link>}>
      {alerts.length === 0 ? (
        <Muted>{t(m.quiet)}</Muted>
      ) : (
        <ol className={alertStyles.plain}>
          {alerts.slice(0, 5).map((alert) => (
            <AlertItem key={alert.cursor} alert={alert} />
          ))}
        </ol>
      )}
    </Card>
  )
}

/** The owner's precautions against the loss of this device. */
function Safety({
  devices,
  alerts,
}: {
  /** Undefined: not read yet. */
  readonly devices: readonly ManagementKeyDescription[] | undefined
  readonly alerts: readonly Alert[]
}) {
  const { t } = useTranslator()
  return (
    <Card title={t(m.safe)}>
      <ul className={styles.checks}>
        <Check
          isDone={devices?.some(({ kind }) => kind === 'RECOVERY') ?? true}
          done={m.phraseDone}
          todo={m.phraseDo}
          text={m.phraseText}
          to="/backup"
        />
        <Check
          isDone={(devices?.filter(({ kind }) => kind === 'DEVICE').length ?? 2) > 1}
          done={m.deviceDone}
          todo={m.deviceDo}
          text={m.deviceText}
          to="/devices"
        />
        <Check
          isDone={alerts.some(({ kind }) => kind === 'KEYS_EXPORTED')}
          done={m.backupDone}
          todo={m.backupDo}
          text={m.backupText}
          to="/backup"
        />
      </ul>
    </Card>
  )
}

function Check({
  isDone,
  done,
  todo,
  text,
  to,
}: {
  readonly isDone: boolean
  readonly done: Message
  readonly todo: Message
  readonly text: Message
  readonly to: string
}) {
  const { t } = useTranslator()
  return (
    <li className={cx(isDone && styles.done)}>
      <span className={styles.mark}>
        <Icon name={isDone ? 'check' : 'chevron'} size={14} />
      </span>
      <div>
        {isDone ? t(done) : <Link to={to}>{t(todo)}</Link>}
        {!isDone && <p>{t(text)}</p>}
      </div>
    </li>
  )
}
