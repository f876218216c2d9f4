import { useState } from 'react'
import type { Alert } from '../../../index.ts'
import { AlertItem } from '../../alerts/alert-item.tsx'
import { alertView } from '../../alerts/alert-view.ts'
import styles from '../../alerts/alerts.module.css'
import { useStore } from '../../data/store.ts'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import type { Translator } from '../../i18n/translate.ts'
import { readAtOf } from '../../session/alert-feed.ts'
import { useSession } from '../../session/session-context.tsx'
import { setPreferences, usePreferences } from '../../theme/preferences.ts'
import { Button } from '../../ui/button.tsx'
import { Checkbox, Segments } from '../../ui/choice.tsx'
import { EmptyState, Notice } from '../../ui/display.tsx'
import { errorText } from '../../ui/error-text.ts'
import { Failure } from '../../ui/failure.tsx'
import { Loading } from '../../ui/loading.tsx'
import { Page, Row } from '../../ui/page.tsx'
import { showToast } from '../../ui/toasts.tsx'
import { useAction } from '../../ui/use-action.ts'
import { alertsPageMessages as m } from './alerts-page.messages.ts'

type Filter = 'all' | 'unread' | 'important'

export function Alerts() {
  const translator = useTranslator()
  const { t } = translator
  const { alerts: feed } = useSession()
  const { alerts, unreadCount, hasOlder, isLoaded, error } = useStore(feed.state)
  const [filter, setFilter] = useState<Filter>('all')
  const newest = alerts[0]
  const acknowledgeAll = useAction(async () => {
    if (newest !== undefined) await feed.acknowledge(newest.cursor)
  })
  const acknowledge = async (upTo: string) => {
    try {
      await feed.acknowledge(upTo)
    } catch (error) {
      showToast({ tone: 'bad', title: errorText(error, translator) })
    }
  }
  const readOlder = useAction(() => feed.readOlder())
  const isShown = (alert: Alert) =>
    filter === 'all' ||
    (filter === 'unread'
      ? readAtOf(alert) === null
      : ['bad', 'warn'].includes(alertView(alert, translator).tone))
  const shown = alerts.filter(isShown)
  const failure = acknowledgeAll.error ?? readOlder.error ?? (isLoaded ? null : error)
  return (
    <Page
      title={t(m.title)}
      actions={
        <Button
          icon="check"
          isDisabled={unreadCount === 0}
          isPending={acknowledgeAll.isPending}
          onPress={acknowledgeAll.run}
        >
          {t(m.markAll)}
        </Button>
      }
    >
      <Row>
        <Segments<Filter>
          label={t(m.filter)}
          value={filter}
          onChange={setFilter}
          options={[
            { value: 'all', label: t(m.all) },
            { value: 'unread', label: `${t(m.unreadOnly)} ${translator.number(unreadCount)}` },
            { value: 'important', label: t(m.important) },
          ]}
        />
        <Notifications />
      </Row>
      {failure !== null && <Failure error={failure} />}
      {!isLoaded && error === null && <Loading />}
      {isLoaded && alerts.length === 0 && (
        <EmptyState icon="bell" title={t(m.emptyTitle)}>
          {t(m.emptyText)}
        </EmptyState>
      )}
      {alerts.length > 0 && shown.length === 0 && <Notice>{t(m.nothing)}</Notice>}
      {byDay(shown, translator).map(([day, ofDay]) => (
        <section key={day} aria-label={day}>
          <h2 className={styles.day}>{day}</h2>
          <ol className={styles.list} aria-label={t(m.list)}>
            {ofDay.map((alert) => (
              <AlertItem
                key={alert.cursor}
                alert={alert}
                onAcknowledge={() => {
                  void acknowledge(alert.cursor)
                }}
              />
            ))}
          </ol>
        </section>
      ))}
      {hasOlder && (
        <Row>
          <Button isPending={readOlder.isPending} onPress={readOlder.run}>
            {t(m.older)}
          </Button>
        </Row>
      )}
    </Page>
  )
}

/** The browser asks for its permission only after a press. */
function Notifications() {
  const { t } = useTranslator()
  const { notifies } = usePreferences()
  const [isDenied, setDenied] = useState(false)
  if (!('Notification' in globalThis)) return null
  const change = async (isSelected: boolean) => {
    const isAllowed = isSelected && (await Notification.requestPermission()) === 'granted'
    setDenied(isSelected && !isAllowed)
    setPreferences({ notifies: isAllowed })
  }
  return (
    <>
      <Checkbox
        isSelected={notifies && Notification.permission === 'granted'}
        onChange={(isSelected) => {
          void change(isSelected)
        }}
      >
        {t(m.notify)}
      </Checkbox>
      {isDenied && (
        <Notice tone="warn" isLive>
          {t(m.notifyDenied)}
        </Notice>
      )}
    </>
  )
}

function byDay(
  alerts: readonly Alert[],
  { t, date }: Translator,
): readonly (readonly [string, readonly Alert[]])[] {
  const dayMs = 86_400_000
  const [today, yesterday] = [date(new Date()), date(new Date(Date.now() - dayMs))]
  const days = new Map<string, Alert[]>()
  for (const alert of alerts) {
    const day = date(alert.occurredAt)
    const name = day === today ? t(m.today) : day === yesterday ? t(m.yesterday) : day
    days.set(name, [...(days.get(name) ?? []), alert])
  }
  return [...days]
}
