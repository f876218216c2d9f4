import { useEffect, useState } from 'react'
import { Link } from 'wouter'
import type { AuditEntry } from '../../../index.ts'
import { readAuditPage } from '../../data/audit-log.ts'
import type { PageOf } from '../../../transport/pages.ts'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import { useSession } from '../../session/session-context.tsx'
import { Failure } from '../../ui/failure.tsx'
import { Card, Muted } from '../../ui/page.tsx'
import { useMedia } from '../../ui/use-media.ts'
import styles from './key.module.css'
import { keyPageMessages as m } from './key.messages.ts'

const days = 30
const dayMs = 86_400_000
/** 500 entries. A key that is used more often has the days before these cut off, and the card says so. */
const pagesMax = 5
const chart = { height: 96, base: 76 }

interface Day {
  readonly date: Date
  readonly granted: number
  readonly refused: number
}

/** How often a key was acquired on each of the last thirty days, from the audit log. */
export function UsesChart({ id, useCount }: { readonly id: string; readonly useCount: number }) {
  const { t } = useTranslator()
  const { viewer } = useSession()
  const [read, setRead] = useState<{ entries: readonly AuditEntry[]; isCut: boolean } | null>(null)
  const [error, setError] = useState<unknown>(null)
  useEffect(() => {
    let isCurrent = true
    const load = async () => {
      const since = new Date(startOfDay(new Date()).getTime() - (days - 1) * dayMs)
      const filter = { transactionKeyId: id, actions: ['KEY_ACQUIRED'], since } as const
      const entries: AuditEntry[] = []
      let after: string | null = null
      for (let page = 0; page < pagesMax; page += 1) {
        const { items, next }: PageOf<AuditEntry> = await readAuditPage(viewer, { filter, after })
        entries.push(...items)
        after = next
        if (after === null) break
      }
      if (isCurrent) setRead({ entries, isCut: after !== null })
    }
    load().catch((failure: unknown) => {
      if (isCurrent) setError(failure)
    })
    return () => {
      isCurrent = false
    }
    // A use is told by its count.
  }, [viewer, id, useCount])
  return (
    <Card title={t(m.history)} actions={<Link to={`/audit?key=${id}`}>{t(m.historyAll)}</Link>}>
      {error !== null && <Failure error={error} />}
      {read !== null && <Bars days={byDay(read.entries)} />}
      {read?.isCut === true && <Muted>{t(m.historyCut)}</Muted>}
    </Card>
  )
}

function Bars({ days: shown }: { readonly days: readonly Day[] }) {
  const { t, date } = useTranslator()
  // Drawn as wide as it is shown, so that the dates can be read.
  const chartWidth = useMedia('(width < 48rem)') ? 320 : 600
  const most = Math.max(1, ...shown.map(({ granted, refused }) => granted + refused))
  const step = chartWidth / days
  const total = shown.reduce((sum, { granted }) => sum + granted, 0)
  const refused = shown.reduce((sum, day) => sum + day.refused, 0)
  const heightOf = (count: number) => (count === 0 ? 0 : Math.max(3, (chart.base - 8) * (count / most)))
  const [first, last] = [shown[0], shown.at(-1)]
  return (
    <>
      <svg
        className={styles.chart}
        viewBox={`0 0 ${String(chartWidth)} ${String(chart.height)}`}
        role="img"
        aria-label={t(m.historyChart, { count: total, refused })}
      >
        <line x1="0" x2={chartWidth} y1={chart.base} y2={chart.base} />
        {shown.map((day, index) => {
          const [granted, denied] = [heightOf(day.granted), heightOf(day.refused)]
          const x = index * step + step * 0.18
          const width = step * 0.64
          return (
            <g key={day.date.getTime()}>
              <title>{`${date(day.date)}: ${String(day.granted)} + ${String(day.refused)}`}</title>
              <rect x={x} y={chart.base - granted} width={width} height={granted} rx="2" />
              <rect
                className={styles.refused}
                x={x}
                y={chart.base - granted - denied}
                width={width}
                height={denied}
                rx="2"
              />
            </g>
          )
        })}
        {first !== undefined && (
          <text x="0" y={chart.height - 4}>
            {date(first.date)}
          </text>
        )}
        {last !== undefined && (
          <text x={chartWidth} y={chart.height - 4} className={styles.end}>
            {date(last.date)}
          </text>
        )}
      </svg>
      <Muted>{t(m.historyText, { count: total, refused })}</Muted>
    </>
  )
}

function byDay(entries: readonly AuditEntry[]): readonly Day[] {
  const today = startOfDay(new Date())
  return Array.from({ length: days }, (_, index) => {
    const day = new Date(today.getFullYear(), today.getMonth(), today.getDate() - (days - 1 - index))
    const ofDay = entries.filter(({ occurredAt }) => startOfDay(occurredAt).getTime() === day.getTime())
    const granted = ofDay.filter((entry) => entry.granted).length
    return { date: day, granted, refused: ofDay.length - granted }
  })
}

function startOfDay(date: Date): Date {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate())
}
