import { useMemo } from 'react'
import { dueBetween, type DueKey } from './due.ts'
import { DueList } from './due-list.tsx'
import { useResource } from '../../data/resource.ts'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import { useSession } from '../../session/session-context.tsx'
import { EmptyState, Notice } from '../../ui/display.tsx'
import { Failure } from '../../ui/failure.tsx'
import { Loading } from '../../ui/loading.tsx'
import { Card, Page } from '../../ui/page.tsx'
import { useMedia } from '../../ui/use-media.ts'
import { useNow } from '../../ui/use-now.ts'
import styles from './timeline.module.css'
import { timelineMessages as m } from './timeline.messages.ts'

const dayMs = 86_400_000
const shownMax = 50

export function Timeline() {
  const { t } = useTranslator()
  const { due: dueKeys } = useSession()
  const { data, error } = useResource(dueKeys)
  const now = useNow()
  const keys = useMemo(() => data?.keys ?? [], [data])
  const parts = useMemo(
    () => [
      { title: t(m.week), due: dueBetween(keys, now, now + 7 * dayMs) },
      { title: t(m.month), due: dueBetween(keys, now + 7 * dayMs, now + 30 * dayMs) },
      { title: t(m.later), due: dueBetween(keys, now + 30 * dayMs, Infinity) },
      { title: t(m.past), due: dueBetween(keys, now - 30 * dayMs, now) },
    ],
    [keys, now, t],
  )
  const ahead = useMemo(() => dueBetween(keys, now, endOfChart(now)), [keys, now])
  const within = useMemo(() => dueBetween(keys, now, now + 366 * dayMs), [keys, now])
  const isEmpty = parts.every(({ due }) => due.length === 0)
  return (
    <Page title={t(m.title)} lead={t(m.lead)}>
      {error !== null && <Failure error={error} onRetry={() => void dueKeys.reload()} />}
      {data === undefined ? (
        error === null && <Loading />
      ) : isEmpty ? (
        <EmptyState icon="clock" title={t(m.emptyTitle)}>
          {t(m.emptyText)}
        </EmptyState>
      ) : (
        <>
          <Card title={t(m.due, { count: within.length })}>
            <MonthChart due={ahead} />
          </Card>
          {data.isCut && <Notice>{t(m.cut)}</Notice>}
          {parts.map(
            ({ title, due }) =>
              due.length > 0 && (
                <Card key={title} title={title}>
                  <DueList due={due} shownMax={shownMax} />
                </Card>
              ),
          )}
        </>
      )}
    </Page>
  )
}

/** The thirteenth has the keys that were made this month for a year. */
const chart = { height: 130, base: 108, top: 16, months: 13 }

/** The first moment after the last month that the chart shows. */
function endOfChart(now: number): number {
  const today = new Date(now)
  return new Date(today.getFullYear(), today.getMonth() + chart.months, 1).getTime()
}

/** How many keys end in each month up to this one of the next year. The label says it to those who do not see it. */
function MonthChart({ due }: { readonly due: readonly DueKey[] }) {
  const { t, language } = useTranslator()
  const months = useMemo(() => countMonths(due), [due])
  const names = new Intl.DateTimeFormat(language, { month: 'short' })
  const most = Math.max(1, ...months.map(({ count }) => count))
  const width = useMedia('(width < 48rem)') ? 340 : 960
  const step = width / chart.months
  const words = months
    .filter(({ count }) => count > 0)
    .map(({ month, count }) => t(m.monthKeys, { month: names.format(month), count }))
  return (
    <svg
      className={styles.chart}
      viewBox={`0 0 ${String(width)} ${String(chart.height)}`}
      role="img"
      aria-label={`${t(m.chart)}. ${words.join(', ')}`}
    >
      <line x1="0" x2={width} y1={chart.base} y2={chart.base} />
      {months.map(({ month, count }, index) => {
        const height = ((chart.base - chart.top) * count) / most
        const x = index * step
        return (
          <g key={month.getTime()}>
            <rect x={x + step * 0.28} y={chart.base - height} width={step * 0.44} height={height} rx="3" />
            {count > 0 && (
              <text x={x + step / 2} y={chart.base - height - 5}>
                {count}
              </text>
            )}
            <text x={x + step / 2} y={chart.height - 4}>
              {names.format(month)}
            </text>
          </g>
        )
      })}
    </svg>
  )
}

function countMonths(due: readonly DueKey[]): { month: Date; count: number }[] {
  const today = new Date()
  return Array.from({ length: chart.months }, (_, offset) => {
    const month = new Date(today.getFullYear(), today.getMonth() + offset, 1)
    const next = new Date(today.getFullYear(), today.getMonth() + offset + 1, 1)
    const count = due.filter(({ expiresAt }) => expiresAt >= month && expiresAt < next).length
    return { month, count }
  })
}
