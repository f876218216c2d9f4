import { useMemo } from 'react'
import { useSearchParams } from 'wouter'
import { auditActions, type AuditAction, type AuditFilter } from '../../../index.ts'

export const results = ['all', 'granted', 'refused'] as const

/** The choices that somebody has made, as they stand in the address. */
export interface AuditChoice {
  readonly action: AuditAction | undefined
  readonly result: (typeof results)[number]
  readonly key: string | null
  readonly device: string | null
  /** Days of the reader's calendar, `2026-11-27`; '' for none. Both are included. */
  readonly from: string
  readonly to: string
}

type Name = keyof AuditChoice

/** The filter of the audit log. It stands in the address, so that it can be kept and passed on. */
export function useAuditFilter() {
  const [params, setParams] = useSearchParams()
  const choice: AuditChoice = {
    action: auditActions.find((known) => known === params.get('action')),
    result: results.find((known) => known === params.get('result')) ?? 'all',
    key: params.get('key'),
    device: params.get('device'),
    from: params.get('from') ?? '',
    to: params.get('to') ?? '',
  }
  const choose = (name: Name, value: string | null) => {
    setParams((current) => {
      const next = new URLSearchParams(current)
      if (value === null || value === '') next.delete(name)
      else next.set(name, value)
      return next
    })
  }
  const { action, result, key, device, from, to } = choice
  const filter = useMemo<AuditFilter>(
    () => ({
      ...(action !== undefined && { actions: [action] }),
      ...(result !== 'all' && { granted: result === 'granted' }),
      ...(key !== null && { transactionKeyId: key }),
      ...(device !== null && { managementKeyId: device }),
      ...withDay('since', from, 0),
      ...withDay('until', to, 1),
    }),
    [action, result, key, device, from, to],
  )
  return { choice, choose, filter }
}

/** The beginning of a day, or of the one after it; nothing for a text that is no day. */
function withDay(name: 'since' | 'until', day: string, daysAfter: number): AuditFilter {
  const [year, month, date] = day.split('-').map(Number)
  if (year === undefined || month === undefined || date === undefined) return {}
  const start = new Date(year, month - 1, date + daysAfter)
  return Number.isNaN(start.getTime()) ? {} : { [name]: start }
}
